using System.Globalization;
using System.Text;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <param name="Name">What it tries.</param>
/// <param name="Bytes">As sent.</param>
/// <param name="Status">Of the answer; 0 for a connection that is closed without one.</param>
/// <param name="Code">Of the problem; null when the server's own parser refuses, without a document.</param>
internal sealed record HandPickedCase(string Name, byte[] Bytes, int Status, string? Code);

/// <summary>Requests that have hurt others, each with the one answer that it must get. None of them may have an effect.</summary>
/// <param name="admin">A key that may do everything.</param>
/// <param name="reader">A key of the same tenant that may read orders.</param>
/// <param name="order">A confirmed order.</param>
/// <param name="sku">Its item.</param>
internal sealed class HandPicked(string admin, string reader, string order, string sku)
{
    private const int Mebibyte = 1 << 20;

    private string Order => """{"customer":{"id":"c"},"currency":"EUR","lines":[{"sku":"@","quantity":1}],"payment":{"token":"tok_visa"}}""".Replace("@", sku, StringComparison.Ordinal);

    private string Key => $"Authorization: Bearer {admin}";

    public IEnumerable<HandPickedCase> All() => [.. Framing(), .. Addresses(), .. Headers(), .. Sizes(), .. Json(), .. Orders(), .. Callers(), .. Lists(), .. Others()];

    private IEnumerable<HandPickedCase> Framing()
    {
        var head = $"POST /v1/orders HTTP/1.1\r\nHost: a\r\n{Key}\r\nIdempotency-Key: f\r\nContent-Type: application/json\r\n";
        var chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
        yield return Raw("two lengths", head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}   ", 400);
        yield return Raw("a negative length", head + "Content-Length: -5\r\n\r\n", 400);
        // The server's parser takes it for 2; nothing hides behind it.
        yield return Raw("a length with a sign", head + "Content-Length: +2\r\n\r\n{}", 422, "invalid_request");
        yield return Raw("a length in hexadecimal", head + "Content-Length: 0x2\r\n\r\n{}", 400);
        yield return Raw("an unknown transfer coding", head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400);
        yield return Raw("chunked is not the last coding", head + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 400);
        yield return Raw("space before the colon", head + "Content-Length : 2\r\n\r\n{}", 400);
        yield return Raw("a folded header", head + "X: a\r\n b\r\n\r\n", 400);
        yield return Raw("a bare CR in a header", head + "X: a\rY: b\r\n\r\n", 400);
        yield return Raw("a NUL in a header", head + "X: a\0b\r\n\r\n", 400);
        yield return Raw("bytes that are no UTF-8 in a header", head + "X: \u00ff\u00fe\r\n\r\n", 400);
        yield return Raw("no header name", head + ": a\r\n\r\n", 400);
        yield return Raw("a chunk of no size", chunked + "\r\n{}\r\n0\r\n\r\n", 400, "bad_request");
        yield return Raw("a chunk of a negative size", chunked + "-2\r\n{}\r\n0\r\n\r\n", 400, "bad_request");
        yield return Raw("a chunk of a size beyond all numbers", chunked + "FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n", 400, "bad_request");
        yield return Raw("a chunk longer than it says", chunked + "2\r\n{}{}\r\n0\r\n\r\n", 400, "bad_request");
        yield return Raw("no host", "GET /livez HTTP/1.1\r\n\r\n", 400);
        yield return Raw("two hosts", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
        yield return Raw("a version to come", "GET /livez HTTP/9.9\r\nHost: a\r\n\r\n", 505);
        yield return Raw("no version", "GET /livez\r\n\r\n", 400);
        yield return Raw("the preface of HTTP/2 in plain", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0);
        yield return Raw("TLS in plain", "\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000\u00a1\u0003\u0003\r\n\r\n", 400);
        yield return Raw("nothing but spaces", "   \r\n\r\n", 400);
        yield return Raw("CONNECT", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", 405, "method_not_allowed");
        yield return Raw("TRACE", $"TRACE /v1/orders HTTP/1.1\r\nHost: a\r\n{Key}\r\n\r\n", 405, "method_not_allowed");
        yield return Raw("another server's address", $"GET http://example.com/v1/nothing HTTP/1.1\r\nHost: example.com\r\n{Key}\r\n\r\n", 404, "not_found");
    }

    private IEnumerable<HandPickedCase> Addresses()
    {
        yield return Get("a NUL in the path", "/v1/orders/%00", 400, null);
        yield return Get("half an escape", "/v1/orders/%", 404, "order_not_found");
        yield return Get("an escape that is none", "/v1/orders/%zz", 404, "order_not_found");
        yield return Get("an overlong slash", "/v1/orders%C0%AFx", 404, "not_found");
        yield return Get("a surrogate in UTF-8", "/v1/orders/%ED%A0%80", 404, "order_not_found");
        yield return Get("a slash within an id", "/v1/orders/..%2fapi-keys", 404, "order_not_found");
        yield return Get("a backslash", "/v1/orders/..%5capi-keys", 404, "order_not_found");
        yield return Get("an id of 2,000 characters", "/v1/orders/" + new string('0', 2_000), 404, "order_not_found");
        yield return Get("a file of the server", "/v1/../../../etc/passwd", 404, "not_found");
        yield return Get("a file of the server, escaped", "/docs/..%2f..%2f..%2fetc%2fpasswd", 404, "not_found");
        yield return Get("two slashes", "//v1/orders", 404, "not_found");
        yield return Get("a parameter of the path", "/v1/orders;x=y", 404, "not_found");
        yield return Get("nobody's address", "/.git/config", 404, "not_found");
        yield return Get("a SKU beyond ASCII", "/v1/items/%F0%9F%98%80", 404, "item_not_found");
        yield return Send("a SKU that is none", "PUT", "/v1/items/%0D%0AX-Evil:%201", """{"name":"a","price":1,"currency":"EUR"}""", 422, "invalid_request");
        yield return Send("a SKU of 65 characters", "PUT", "/v1/items/" + new string('s', 65), """{"name":"a","price":1,"currency":"EUR"}""", 422, "invalid_request");
    }

    private IEnumerable<HandPickedCase> Headers()
    {
        yield return Place("no idempotency key", 400, "idempotency_key_missing", key: null);
        yield return Place("an empty idempotency key", 400, "idempotency_key_invalid", key: "");
        yield return Place("two idempotency keys", 400, "idempotency_key_invalid", key: "a\r\nIdempotency-Key: b");
        yield return Place("a list of idempotency keys", 400, "idempotency_key_invalid", key: "a, b");
        yield return Place("an idempotency key of 256 characters", 400, "idempotency_key_invalid", key: new string('k', 256));
        yield return Place("an idempotency key beyond ASCII", 400, "idempotency_key_invalid", key: "caf\u00c3\u00a9");
        yield return Place("half a quoted idempotency key", 400, "idempotency_key_invalid", key: "\"a");
        foreach (var timeout in new[] { "0", "-1", "abc", "1e3", "99999999999999999999999999999", "1\r\nRequest-Timeout: 2" })
            yield return Place("Request-Timeout: " + timeout, 400, "invalid_header", more: "Request-Timeout: " + timeout);
        foreach (var match in new[] { "7", "W/\"2\"", "\"2\", \"3\"", "\"-2\"", "\"2", "\"99999999999\"", "\"2\"\r\nIf-Match: \"3\"" })
            yield return Change("If-Match: " + match, "cancel", "{}", 400, "invalid_header", "If-Match: " + match);
        yield return Change("a version that is long gone", "cancel", "{}", 412, "version_mismatch", "If-Match: \"1\"");
        foreach (var type in new[] { "text/plain", "application/jsonx", "application/json; charset=utf-16", "application/xml", "multipart/form-data; boundary=x", "application/json, text/plain" })
            yield return Place("Content-Type: " + type, 415, "unsupported_media_type", type: type);
        yield return Place("a packed body", 415, "unsupported_media_type", more: "Content-Encoding: gzip");
        yield return Place("a body packed twice", 415, "unsupported_media_type", more: "Content-Encoding: identity\r\nContent-Encoding: br");
        yield return Raw("the method of another header", $"GET /v1/orders/ord_x HTTP/1.1\r\nHost: a\r\n{Key}\r\nX-HTTP-Method-Override: DELETE\r\nX-Original-URL: /v1/api-keys\r\nX-Forwarded-Prefix: /v1\r\n\r\n", 404, "order_not_found");
    }

    private IEnumerable<HandPickedCase> Sizes()
    {
        yield return Place("an order of 1 MiB and a byte", 413, "body_too_large", Order + new string(' ', Mebibyte + 1 - Order.Length));
        yield return Raw("an order that says it is larger than any", Head("POST", "/v1/orders", "Idempotency-Key: f\r\nContent-Length: 99999999999") + "{", 413, "body_too_large");
        yield return Raw("an order that says nothing and is larger", Head("POST", "/v1/orders", "Idempotency-Key: f\r\nTransfer-Encoding: chunked") + Chunked(new string(' ', Mebibyte + 1)), 413, "body_too_large");
        yield return Raw("a batch that says it is larger than 8 MiB", Head("POST", "/v1/orders:batch", $"Content-Length: {(8 * Mebibyte) + 1}") + "[", 413, "body_too_large");
        yield return Change("a reason of 64 KiB and a byte", "cancel", new string(' ', (64 << 10) + 1), 413, "body_too_large");
        yield return Raw("the same in chunks", Head("POST", $"/v1/orders/{order}/cancel", "Idempotency-Key: f\r\nTransfer-Encoding: chunked") + Chunked(new string(' ', (64 << 10) + 1)), 413, "body_too_large");
        yield return Raw("65 headers", Head("GET", "/v1/orders", string.Join("\r\n", Enumerable.Range(0, 65).Select(i => $"X-{i}: a"))), 431);
        yield return Raw("17 KiB of headers", Head("GET", "/v1/orders", string.Join("\r\n", Enumerable.Range(0, 17).Select(i => $"X-{i}: {new string('a', 1_024)}"))), 431);
        yield return Raw("a single header of 17 KiB", Head("GET", "/v1/orders", "X: " + new string('a', 17 << 10)), 431);
        yield return Raw("an address of 9 KiB", Head("GET", "/v1/orders?q=" + new string('a', 9 << 10), "X: a"), 414);
        yield return Place("2,001 lines", 422, "invalid_request", Order.Replace("[{", "[" + string.Concat(Enumerable.Repeat($$"""{"sku":"{{sku}}","quantity":1},""", 2_000)) + "{", StringComparison.Ordinal));
        yield return Batch("1,001 rows", $"[{string.Join(',', Enumerable.Repeat("{}", 1_001))}]", 422, "invalid_request");
        yield return Batch("no rows", "[]", 422, "invalid_request");
    }

    private IEnumerable<HandPickedCase> Json()
    {
        foreach (var (name, body) in new[]
        {
            ("no body", ""), ("half an object", Order[..^3]), ("something behind the object", Order + "1"), ("two objects", Order + Order), ("a byte order mark", "\u00ef\u00bb\u00bf" + Order),
            ("UTF-16", Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(Order))), ("a comment", Order + "/* */"), ("a comma at the end", Order.Replace("}]", "},]", StringComparison.Ordinal)),
            ("single quotes", Order.Replace('"', '\'')), ("NaN", Order.Replace("\"quantity\":1", "\"quantity\":NaN", StringComparison.Ordinal)),
            ("an object nested 100,000 deep", Poison.Deep(100_000, isArray: false)), ("an array nested 100,000 deep", Poison.Deep(100_000, isArray: true)),
            ("an unknown field nested too deep", Order[..^1] + ",\"x\":" + Poison.Deep(9, isArray: true) + "}"), ("a line break in a text", Order.Replace("tok_visa", "tok\nvisa", StringComparison.Ordinal)),
        })
            yield return Place(name, 400, "malformed_json", body);
        foreach (var (name, body) in new[]
        {
            ("null", "null"), ("a number", "1"), ("an array", "[]"), ("an unknown field", Order[..^1] + ",\"admin\":true}"), ("a field twice", Order[..^1] + ",\"currency\":\"USD\"}"),
            ("a field twice, once escaped", Order[..^1] + ",\"\\u0063urrency\":\"USD\"}"), ("a field in capitals", Order.Replace("currency", "Currency", StringComparison.Ordinal)),
            ("bytes that are no UTF-8", Order.Replace("tok_visa", "\u00ff\u00fe", StringComparison.Ordinal)), ("an overlong slash", Order.Replace("tok_visa", "\u00c0\u00af", StringComparison.Ordinal)),
            ("half a pair", Order.Replace("tok_visa", "\\uD800", StringComparison.Ordinal)), ("NUL", Order.Replace("tok_visa", "a\\u0000b", StringComparison.Ordinal)),
            ("half a pair as the name of metadata", Order[..^1] + ",\"metadata\":{\"\\uD800\":\"x\"}}"), ("an unknown name that is no text", Order[..^1] + ",\"\u00ff\":1}"),
            ("metadata twice", Order[..^1] + ",\"metadata\":{\"a\":\"1\",\"a\":\"2\"}}"), ("a header in an id", Order.Replace("\"c\"", "\"c\\r\\nX-Evil: 1\"", StringComparison.Ordinal)),
        })
            yield return Place(name, 422, "invalid_request", body);
        foreach (var number in new[] { "0", "-1", "1.0", "0.5", "1e2", "1E400", "2147483648", "9223372036854775808", "-9223372036854775809", "99999999999999999999999999999999", "\"1\"", "true", "[1]", "null" })
            yield return Place("a quantity of " + number, 422, "invalid_request", Order.Replace("\"quantity\":1", "\"quantity\":" + number, StringComparison.Ordinal));
        foreach (var price in new[] { "-1", "1000000000000001", "9223372036854775807", "-0.0" })
            yield return Place("a price of " + price, 422, "invalid_request", Order.Replace("\"quantity\":1", "\"quantity\":1,\"unit_price\":" + price, StringComparison.Ordinal));
        yield return Place("a sum beyond 64 bits", 422, "invalid_order", Order.Replace("[{", "[" + string.Concat(Enumerable.Repeat($$"""{"sku":"{{sku}}","quantity":1000000,"unit_price":1000000000000000},""", 20)) + "{", StringComparison.Ordinal));
        yield return Place("a card number", 422, "card_number_refused", Order.Replace("tok_visa", "4111 1111 1111 1111", StringComparison.Ordinal));
    }

    private IEnumerable<HandPickedCase> Orders()
    {
        yield return Change("an unknown field", "cancel", """{"reason":"a","force":true}""", 422, "invalid_request");
        yield return Change("a reason that is a number", "cancel", """{"reason":1}""", 422, "invalid_request");
        yield return Change("a hold without a kind", "holds", "{}", 422, "invalid_request");
        yield return Change("a hold until a day that is none", "holds", """{"kind":"fraud","expires_at":"2026-02-30T00:00:00Z"}""", 422, "invalid_request");
        yield return Change("money back, less than nothing", "refunds", """{"amount":-1}""", 422, "invalid_request");
        yield return Change("money back, more than was paid", "refunds", """{"amount":1000000000000000}""", 409, "refund_too_large");
        yield return Change("a delivery before it has left", "deliver", "{}", 409, "not_deliverable");
        yield return Change("a hold that is none", "holds/hold_0000000000000000/release", "{}", 404, "hold_not_found");
        yield return Send("stock of a billion and one", "POST", "/v1/stock/adjustments", $$"""{"sku":"{{sku}}","delta":1000000001,"reason":"a"}""", 422, "invalid_request", "Idempotency-Key: f");
        yield return Send("less stock than none", "POST", "/v1/stock/adjustments", $$"""{"sku":"{{sku}}","delta":-1000000000,"reason":"a"}""", 422, "out_of_range", "Idempotency-Key: f");
        yield return Send("an item of another currency", "PUT", "/v1/items/" + sku, """{"name":"a","price":1,"currency":"eur"}""", 422, "invalid_request");
    }

    private IEnumerable<HandPickedCase> Callers()
    {
        yield return As("no key", "X: a", "/v1/orders", 401, "unauthenticated");
        yield return As("a key in the address", "X: a", "/v1/orders?key=" + admin, 401, "unauthenticated");
        yield return As("two keys", $"{Key}\r\n{Key}", "/v1/orders", 401, "unauthenticated");
        yield return As("another scheme", $"Authorization: Basic {admin}", "/v1/orders", 401, "unauthenticated");
        yield return As("a key and more", $"{Key} x", "/v1/orders", 401, "unauthenticated");
        yield return As("a key with its last letter changed", Key[..^1] + (Key[^1] == 'a' ? 'b' : 'a'), "/v1/orders", 401, "unauthenticated");
        yield return As("an unsigned token", "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJ0ZW5hbnQiOiJhY21lIn0.", "/v1/orders", 401, "unauthenticated");
        yield return As("dots that lead where the key must not", $"Authorization: Bearer {reader}", "/v1/orders/../api-keys", 403, "insufficient_scope");
        yield return As("the same escaped", $"Authorization: Bearer {reader}", "/v1/orders/%2e%2e/api-keys", 403, "insufficient_scope");
        yield return As("capitals that lead where the key must not", $"Authorization: Bearer {reader}", "/V1/API-KEYS", 403, "insufficient_scope");
        yield return Send("a key with a blank name", "POST", "/v1/api-keys", """{"name":"\u3000","scopes":["orders:read"]}""", 422, "invalid_request", "Idempotency-Key: f");
        yield return Send("a key that may nothing", "POST", "/v1/api-keys", """{"name":"a","scopes":[]}""", 422, "invalid_request", "Idempotency-Key: f");
        yield return Send("a key that may what there is not", "POST", "/v1/api-keys", """{"name":"a","scopes":["root"]}""", 422, "invalid_request", "Idempotency-Key: f");
        yield return Send("a key that has ended", "POST", "/v1/api-keys", """{"name":"a","scopes":["orders:read"],"expires_at":"2020-01-01T00:00:00Z"}""", 422, "invalid_request", "Idempotency-Key: f");
        yield return Send("a key that is none, withdrawn", "DELETE", "/v1/api-keys/key_x", "", 404, "key_not_found");
    }

    private IEnumerable<HandPickedCase> Lists()
    {
        foreach (var query in new[] { "limit=0", "limit=201", "limit=-1", "limit=1e1", "limit=%20 5", "limit=%EF%BC%91", "limit=5&limit=6", "limit", "status=PENDING", "created_after=yesterday", "attention=1", "tenant=other", "customer=", "x=%00" })
            yield return Get("a list with " + query, "/v1/orders?" + query.Replace(" ", "", StringComparison.Ordinal), 400, "invalid_parameter");
        foreach (var cursor in new[] { "a", "AAAAAAAAAAAAAAAAAAAAAAAAAAA", "..%2F", new string('A', 256), "%00" })
            yield return Get("a list from " + cursor, "/v1/orders?cursor=" + cursor, 400, "invalid_cursor");
        foreach (var query in new[] { "after=-1", "after=9223372036854775808", "limit=0", "x=1", "after=1&after=2" })
            yield return Get("the audit log with " + query, "/v1/audit?" + query, 400, "invalid_parameter");
        yield return Get("an order as it was on no day", $"/v1/orders/{order}?as_of=2026-13-01T00:00:00Z", 400, "invalid_parameter");
        yield return Get("an order after no event", $"/v1/orders/{order}?version=-1", 400, "invalid_parameter");
        yield return Get("an order after more events than any has", $"/v1/orders/{order}?version=2147483647", 404, "order_not_found");
        yield return Get("an order as it was before it was", $"/v1/orders/{order}?as_of=1970-01-01T00:00:00Z", 404, "order_not_found");
        yield return As("a token of consistency from nowhere", $"{Key}\r\nConsistency-Token: ord_x.1", "/v1/orders", 400, "invalid_header");
    }

    private IEnumerable<HandPickedCase> Others()
    {
        yield return Send("a webhook that nobody signed", "POST", "/v1/psp/psp/webhooks", """{"id":"e","type":"authorization.succeeded"}""", 400, "signature_refused");
        yield return Send("a webhook that somebody else signed", "POST", "/v1/psp/psp/webhooks", "{}", 400, "signature_refused", "Psp-Signature: t=1,v1=" + new string('0', 64));
        yield return Send("a webhook of no provider", "POST", "/v1/psp/..%2F/webhooks", "{}", 404, "not_found");
        yield return Send("a webhook of 64 KiB and a byte", "POST", "/v1/psp/psp/webhooks", new string(' ', (64 << 10) + 1), 413, "body_too_large");
        yield return Send("limits of nobody", "PUT", "/v1/tenants/..%2Facme/limits", "{}", 404, "not_found");
        yield return Send("a limit of nothing", "PUT", "/v1/tenants/other/limits", """{"tenant":{"per_second":0,"burst":1},"key":{"per_second":1,"burst":1}}""", 422, "invalid_request");
        yield return Send("a backup into a folder of the caller's choice", "POST", "/v1/backups", """{"folder":"/"}""", 422, "invalid_request", "Idempotency-Key: f");
        yield return Get("a backup with the name of a folder", "/v1/backups/..%2F..%2F", 404, "backup_not_found");
    }

    private static HandPickedCase Raw(string name, string bytes, int status, string? code = null) => new(name, Encoding.Latin1.GetBytes(bytes), status, code);

    private HandPickedCase Get(string name, string path, int status, string? code) => Raw(name, $"GET {path} HTTP/1.1\r\nHost: a\r\n{Key}\r\n\r\n", status, code);

    private static HandPickedCase As(string name, string headers, string path, int status, string code) => Raw(name, $"GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n", status, code);

    private HandPickedCase Place(string name, int status, string code, string? body = null, string? key = "f", string type = "application/json", string? more = null) =>
        Raw(name, $"POST /v1/orders HTTP/1.1\r\nHost: a\r\n{Key}\r\nContent-Type: {type}\r\n{(key is null ? "" : $"Idempotency-Key: {key}\r\n")}{(more is null ? "" : more + "\r\n")}" + Tail(body ?? Order), status, code);

    private HandPickedCase Change(string name, string path, string body, int status, string code, string more = "X: a") =>
        Send(name, "POST", $"/v1/orders/{order}/{path}", body, status, code, more + "\r\nIdempotency-Key: f");

    private HandPickedCase Batch(string name, string body, int status, string code) => Send(name, "POST", "/v1/orders:batch", body, status, code);

    private HandPickedCase Send(string name, string method, string path, string body, int status, string code, string more = "X: a") =>
        Raw(name, $"{method} {path} HTTP/1.1\r\nHost: a\r\n{Key}\r\nContent-Type: application/json\r\n{more}\r\n" + Tail(body), status, code);

    private string Head(string method, string path, string more) => $"{method} {path} HTTP/1.1\r\nHost: a\r\n{Key}\r\nContent-Type: application/json\r\n{more}\r\n\r\n";

    private static string Tail(string body) => string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n{body}");

    private static string Chunked(string body) => string.Create(CultureInfo.InvariantCulture, $"{body.Length:X}\r\n{body}\r\n0\r\n\r\n");
}
