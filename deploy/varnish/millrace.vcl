# Varnish 7 before Millrace: keeps what is public (tracking), passes everything else on. Needs the vmod xkey (on Debian: varnish-modules).
# It speaks no TLS, and API keys pass it: what ends TLS stands before it on the same machine, and speaks the PROXY protocol to the first of two listeners:
#   varnishd -a public=127.0.0.1:6081,PROXY -a purge=127.0.0.1:6082 -f millrace.vcl -s malloc,256m
# Start the nodes with  --tls-in-front --purge-url http://127.0.0.1:6082/purge  and change the backend and the list of nodes below. See docs/caching.md.
vcl 4.1;

import std;
import xkey;

backend millrace {
    .host = "127.0.0.1";
    .port = "8080";
    .connect_timeout = 1s;
    # Longer than anybody may ask to be kept waiting (Prefer: wait=30, the test of a webhook) and than the stream of events is silent.
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 60s;
}

# Who may purge, at the listener named "purge" alone: from what ends TLS on this machine everybody comes from this machine.
acl nodes {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.url == "/purge" || local.socket == "purge") {
        if (local.socket != "purge" || req.url != "/purge" || client.ip !~ nodes || req.method != "POST" || !req.http.Surrogate-Key) {
            return (synth(403, "Forbidden"));
        }
        # At once, and not only stale: what is known to be old is shown to nobody.
        set req.http.Purged = xkey.purge(req.http.Surrogate-Key);
        return (synth(200, "Purged"));
    }
    # A node shows its metrics to its own machine, and to one beside it this cache is that. Encoded or with dots it is the same address there; nobody else sends dots.
    if (req.url ~ "(?i)^([a-z]+://[^/?]*)?/+(m|%6d|%4d)(e|%65|%45)(t|%74|%54)(r|%72|%52)(i|%69|%49)(c|%63|%43)(s|%73|%53)(/|\?|$)"
        || req.url ~ "(?i)^[^?]*/(\.|%2e){1,2}(/|\?|$)") {
        return (synth(404, "Not Found"));
    }
    if (req.url !~ "^/v1/track/" || (req.method != "GET" && req.method != "HEAD")) {
        return (pass);
    }
    # One object for each order and form, whatever else a client sends.
    set req.url = regsub(req.url, "\?.*$", "");
    unset req.http.Cookie;
    unset req.http.Authorization;
    if (req.http.Accept ~ "text/html") {
        set req.http.Accept = "text/html";
    } else {
        set req.http.Accept = "application/json";
    }
    # stale-while-revalidate. After an error of the server: stale-if-error.
    set req.grace = 30s;
    if (req.restarts > 0) {
        set req.grace = 24h;
    }
    return (hash);
}

sub vcl_backend_fetch {
    # The last answer is at hand, or the viewer comes again.
    if (bereq.url ~ "^/v1/track/") {
        set bereq.first_byte_timeout = 5s;
        set bereq.between_bytes_timeout = 5s;
    }
}

sub vcl_backend_response {
    if (bereq.url !~ "^/v1/track/") {
        return (deliver);
    }
    if (beresp.status >= 500) {
        # Must not take the place of what is stale.
        if (bereq.is_bgfetch) {
            return (abandon);
        }
        set beresp.ttl = 0s;
        set beresp.grace = 0s;
        return (deliver);
    }
    if (beresp.status == 200 && beresp.ttl > 0s) {
        # How long a stale object can be kept; how long one may be shown is the request's grace.
        set beresp.grace = 24h;
        set beresp.http.xkey = beresp.http.Surrogate-Key;
    }
}

sub vcl_backend_error {
    if (bereq.is_bgfetch) {
        return (abandon);
    }
    # Varnish keeps an error for a second when others wait for the fetch; they shall have what is stale instead.
    set beresp.ttl = 0s;
    set beresp.grace = 0s;
    set beresp.keep = 0s;
}

sub vcl_deliver {
    if (resp.status >= 500 && req.restarts == 0 && req.url ~ "^/v1/track/") {
        return (restart);
    }
    if (req.url ~ "^/v1/track/") {
        if (obj.hits > 0) {
            # In whole seconds, downwards: below zero it is stale.
            if (obj.ttl < 0s) {
                set resp.http.Cache-Status = "varnish; hit; ttl=" + std.integer(duration=obj.ttl - 1s, fallback=-1);
            } else {
                set resp.http.Cache-Status = "varnish; hit; ttl=" + std.integer(duration=obj.ttl, fallback=0);
            }
        } else {
            set resp.http.Cache-Status = resp.http.Cache-Status + ", varnish; fwd=miss";
        }
        # A browser's max-age begins when it gets the answer: this cache is purged, the browser's is not.
        unset resp.http.Age;
    }
    unset resp.http.Surrogate-Key;
    unset resp.http.xkey;
    unset resp.http.X-Varnish;
    unset resp.http.Via;
}

sub vcl_synth {
    if (req.http.Purged) {
        set resp.http.Purged = req.http.Purged;
        return (deliver);
    }
}
