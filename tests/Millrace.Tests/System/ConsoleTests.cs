using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using Millrace.Api.Keys;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Who may what in the console, without a browser.</summary>
[Collection(Processes.Name)]
public sealed partial class ConsoleTests(Shop shop)
{
    [Theory]
    [InlineData("mr_live_wrong")]
    [InlineData("mr_live_schlüssel")]
    [InlineData("mr_live_a\r\nb")]
    public async Task A_key_that_nobody_has_signs_nobody_in(string key)
    {
        using var visitor = new ConsoleVisitor(shop.Settings.Address);
        var answer = await visitor.SignInAsync(key);
        Assert.Equal(401, answer.Status);
        Assert.DoesNotContain("Set-Cookie", answer.Headers.Keys);
        Assert.Equal("/sign-in?to=%2Forders", (await visitor.GetAsync("/orders")).Location);
    }

    [Theory]
    [InlineData("cross-site", "https://evil.example", false)]
    [InlineData("same-site", null, false)]
    [InlineData("same-origin", null, true)]
    // Behind a proxy that calls us otherwise.
    [InlineData("same-origin", "https://console.example", true)]
    [InlineData(null, "https://evil.example", false)]
    [InlineData(null, "null", false)]
    [InlineData(null, "ours", true)]
    public async Task Nobody_is_signed_in_by_a_form_of_another_site(string? site, string? origin, bool isOurs)
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = shop.Settings.Address };
        using var form = new HttpRequestMessage(HttpMethod.Post, "/sign-in") { Content = new FormUrlEncodedContent([new("api_key", await KeyAsync("acme"))]) };
        if (site is not null)
            form.Headers.TryAddWithoutValidation("Sec-Fetch-Site", site);
        if (origin is not null)
            form.Headers.TryAddWithoutValidation("Origin", origin == "ours" ? shop.Settings.Address.GetLeftPart(UriPartial.Authority) : origin);
        using var answer = await http.SendAsync(form, TestContext.Current.CancellationToken);
        Assert.Equal((isOurs ? 302 : 401, isOurs), ((int)answer.StatusCode, answer.Headers.Contains("Set-Cookie")));
    }

    [Fact]
    public async Task The_session_is_in_a_cookie_for_no_script_and_no_other_site()
    {
        using var visitor = new ConsoleVisitor(shop.Settings.Address);
        var cookie = (await visitor.SignInAsync(await KeyAsync("acme"))).Headers["Set-Cookie"];
        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("mr_live_", cookie, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("//evil.example")]
    [InlineData("/\\evil.example")]
    [InlineData("https://evil.example/")]
    [InlineData("/\t/evil.example")]
    [InlineData("/ü")]
    [InlineData("evil")]
    public async Task Signing_in_leads_to_no_other_host(string to)
    {
        using var visitor = new ConsoleVisitor(shop.Settings.Address);
        Assert.Equal("/", (await visitor.SignInAsync(await KeyAsync("acme"), to)).Location);
    }

    [Theory]
    [InlineData(null, "api_key=x", 415)]
    [InlineData("text/plain", "api_key=x", 415)]
    [InlineData("multipart/form-data", "api_key=x", 415)]
    [InlineData("application/x-www-form-urlencoded", 65_537, 413)]
    [InlineData("application/x-www-form-urlencoded; charset=utf-8", "api_key=x", 401)]
    public async Task What_is_no_small_form_is_refused_before_anybody_is_known(string? type, object content, int status)
    {
        using var client = new HttpClient { BaseAddress = shop.Settings.Address };
        using var body = new ByteArrayContent(Encoding.ASCII.GetBytes(content as string ?? "api_key=" + new string('x', (int)content - 8)));
        body.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        using var answer = await client.PostAsync("/sign-in", body, TestContext.Current.CancellationToken);
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Fact]
    public async Task A_form_of_more_fields_than_any_page_has_is_refused()
    {
        using var client = new HttpClient { BaseAddress = shop.Settings.Address };
        using var form = new FormUrlEncodedContent(Enumerable.Range(0, 1_025).Select(i => KeyValuePair.Create($"f{i}", "x")));
        using var answer = await client.PostAsync("/sign-in", form, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_form_without_a_token_or_with_that_of_another_session_changes_nothing()
    {
        var order = (await shop.ConfirmedAsync(await shop.NewItemAsync(3))).Id();
        using var visitor = await SignedInAsync("acme");
        using var other = await SignedInAsync("acme");
        using var nobody = new ConsoleVisitor(shop.Settings.Address);
        var token = await other.FormTokenAsync();
        Assert.StartsWith("/sign-in", (await visitor.PostAsync($"/orders/{order}/cancel", ("reason", "x"))).Location, StringComparison.Ordinal);
        Assert.StartsWith("/sign-in", (await visitor.PostAsync($"/orders/{order}/cancel", ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.Equal("/sign-in?to=%2F", (await nobody.PostAsync($"/orders/{order}/cancel", ("form_token", token))).Location);
        Assert.Equal("confirmed", (await shop.Api.GetAsync("/v1/orders/" + order)).Text("status"));
        await visitor.PostAsync($"/orders/{order}/cancel", ("form_token", await visitor.FormTokenAsync()));
        await shop.UntilStatusAsync(order, "canceled");
    }

    [Fact]
    public async Task Webhooks_are_shown_tested_replayed_and_given_a_new_secret_that_is_shown_once()
    {
        var made = await shop.Api.PostAsync("/v1/webhooks", """{"url":"https://nobody.invalid/","disabled":true}""", Guid.NewGuid().ToString());
        using var visitor = await SignedInAsync("acme");
        Assert.Contains(made.Id(), (await visitor.GetAsync("/webhooks?of=" + made.Id())).Body, StringComparison.Ordinal);
        Assert.Contains("problem=The%20ping%20was%20not%20taken%3A%20name_unknown", (await PostAsync("test")).Location, StringComparison.Ordinal);
        Assert.StartsWith("/webhooks?notice=Done", (await PostAsync("replay")).Location, StringComparison.Ordinal);
        Assert.Matches("never again.*whsec_", (await PostAsync("rotate")).Body);
        Assert.DoesNotContain("whsec_", (await visitor.GetAsync("/webhooks")).Body, StringComparison.Ordinal);
        Assert.Equal(204, (await shop.Api.SendAsync("DELETE", "/v1/webhooks/" + made.Id(), "")).Status);

        async Task<ConsoleVisitor.Page> PostAsync(string act) => await visitor.PostAsync($"/webhooks/{made.Id()}/{act}", ("form_token", await visitor.FormTokenAsync()));
    }

    [Fact]
    public async Task A_webhook_is_made_disabled_set_going_and_deleted()
    {
        using var visitor = await SignedInAsync("acme");
        Assert.Contains("problem=The%20address%20is%20no%20URL", (await PostAsync("", ("url", "nowhere"))).Location, StringComparison.Ordinal);
        Assert.Contains("problem=%2Furl", (await PostAsync("", ("url", "ftp://example.org/"))).Location, StringComparison.Ordinal);
        var page = (await PostAsync("", ("url", "https://nobody.invalid/in"), ("events", "order.confirmed.v1  order.closed.v1"), ("description", "ours"))).Body;
        Assert.Matches("The secret of whk_[a-z0-9]+, .*never again.*whsec_", page);
        var id = page.Substring(page.IndexOf("whk_", StringComparison.Ordinal), "whk_".Length + 12);
        var made = await shop.Api.GetAsync("/v1/webhooks/" + id);
        Assert.Equal("""https://nobody.invalid/in ["order.confirmed.v1","order.closed.v1"] ours""", $"{made.Text("url")} {made["events"].ToJsonString()} {made.Text("description")}");
        await PostAsync($"/{id}/disable");
        Assert.Equal("disabled", (await shop.Api.GetAsync("/v1/webhooks/" + id)).Text("state"));
        await PostAsync($"/{id}/enable");
        var going = await shop.Api.GetAsync("/v1/webhooks/" + id);
        Assert.Equal("well ours", $"{going.Text("state")} {going.Text("description")}");
        Assert.Contains("is%20deleted", (await PostAsync($"/{id}/delete")).Location, StringComparison.Ordinal);
        Assert.Equal(404, (await shop.Api.GetAsync("/v1/webhooks/" + id)).Status);

        async Task<ConsoleVisitor.Page> PostAsync(string path, params (string, string)[] fields) =>
            await visitor.PostAsync("/webhooks" + path, [.. fields, ("form_token", await visitor.FormTokenAsync())]);
    }

    [Fact]
    public async Task Limits_are_shown_and_set_caches_are_shown_and_a_merchant_sees_neither()
    {
        var tenant = "t" + Guid.NewGuid().ToString("N")[..12];
        using var visitor = await SignedInAsync("acme", Scopes.SystemOperate);
        Assert.Contains("problem=What%20was%20typed", (await SetAsync("x")).Location, StringComparison.Ordinal);
        Assert.StartsWith("/limits?notice=Done", (await SetAsync("2")).Location, StringComparison.Ordinal);
        using var api = new ApiClient(shop.Settings.Address, NewKey.Of(shop.Settings, tenant, Scopes.OrdersRead));
        await Eventually.AsyncOf(() => api.GetAsync("/v1/orders?limit=1"), answer => answer.Status == 429, "two at once are all it may");
        var page = (await visitor.GetAsync("/limits")).Body;
        Assert.Matches($"(?s)<code>{tenant}</code>.*aria-label=\"{tenant}: \\d of 2\"", page);
        Assert.Contains("<td>availability</td>", page, StringComparison.Ordinal);
        var token = await visitor.FormTokenAsync();
        Assert.StartsWith("/limits?notice=Done", (await visitor.PostAsync("/limits/paused", ("tenant", tenant), ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.Contains($"<code>{tenant}</code>", (await visitor.GetAsync("/")).Body, StringComparison.Ordinal);
        Assert.StartsWith("/limits?notice=Done", (await visitor.PostAsync($"/limits/paused/{tenant}/resume", ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.Contains("everybody's orders are taken", System.Net.WebUtility.HtmlDecode((await visitor.GetAsync("/limits")).Body), StringComparison.Ordinal);
        using var merchant = await SignedInAsync("acme", Scopes.Admin);
        Assert.Equal(403, (await merchant.GetAsync("/limits")).Status);

        async Task<ConsoleVisitor.Page> SetAsync(string burst) => await visitor.PostAsync(
            "/limits", ("tenant", tenant), ("tenant_rate", "1"), ("tenant_burst", burst), ("key_rate", "1000"), ("key_burst", "1000"), ("per_day", "1000"), ("form_token", await visitor.FormTokenAsync()));
    }

    [Fact]
    public async Task What_is_wanted_most_is_above_the_catalog_once_there_are_orders()
    {
        using var visitor = await SignedInAsync("wanted", Scopes.Admin);
        using var shopkeeper = await shop.NewClientAsync("wanted", Scopes.Admin);
        Assert.Equal(201, (await shopkeeper.SendAsync("PUT", "/v1/items/a%20b", Bodies.Item())).Status);
        // The catalog is what was checkpointed.
        var page = await Eventually.AsyncOf(() => visitor.GetAsync("/stock"), page => page.Body.Contains("Wanted most", StringComparison.Ordinal), "the catalog is checkpointed");
        Assert.Matches("""<section id="demand"[^§]*: nothing\.""", page.Body);
        Assert.Equal(202, (await shopkeeper.PlaceAsync(Bodies.Order("a b", 7).ToJsonString(), "one")).Status);
        page = await visitor.GetAsync("/stock");
        Assert.Matches("""<section id="demand"[^§]*<a href="/stock\?sku=a%20b">a b</a></td><td class="number">1</td>\s*<td class="number">7</td>""", page.Body);
    }

    [Fact]
    public async Task Every_page_forbids_what_is_not_ours_and_has_nothing_inline()
    {
        var order = (await shop.ConfirmedAsync(await shop.NewItemAsync(3))).Id();
        using var visitor = await SignedInAsync("acme", Scopes.Admin | Scopes.SystemOperate);
        foreach (var path in new[] { "/sign-in", "/", "/orders", "/orders/" + order, "/orders/ord_x", "/attention", "/operations", "/operations/new?status=confirmed", "/operations/job_x", "/stock", "/events", "/events?type=odd", "/webhooks", "/payments", "/cluster", "/limits", "/auditor", "/keys", "/audit" })
        {
            var page = await visitor.GetAsync(path);
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
            Assert.Contains("<h1", page.Body, StringComparison.Ordinal);
            Assert.DoesNotMatch(Inline(), page.Body);
        }
    }

    [Fact]
    public async Task The_overview_names_what_is_not_for_production_and_shows_each_stage()
    {
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]);
        var key = NewKey.Of(settings, "acme", Scopes.SystemOperate);
        await using var server = await ServerProcess.StartAsync(settings);
        using var visitor = new ConsoleVisitor(settings.Address);
        await visitor.SignInAsync(key);
        var page = (await visitor.GetAsync("/")).Body;
        Assert.Contains("<code>simulated_payments</code>", page, StringComparison.Ordinal);
        foreach (var id in new[] { "tile-budget", "tile-waiting", "tile-lane_waiting", "tile-waiting_oldest", "tile-lane_waiting_oldest", "tile-payments_inside", "tile-stage_unfinished", "tile-stage_oldest", "stage-payment-waiting", "stage-stock-oldest" })
            Assert.Contains($"id=\"{id}\"", page, StringComparison.Ordinal);
        using var api = new ApiClient(settings.Address, key);
        Assert.Equal("""["simulated_payments"]""", (await api.GetAsync("/v1/overview"))["unsafe_settings"].ToJsonString());
        using var safe = await shop.AdmittedAsync(NewKey.Of(shop.Settings, "operators", Scopes.SystemOperate));
        Assert.Equal("[]", (await safe.GetAsync("/v1/overview"))["unsafe_settings"].ToJsonString());
    }

    [Fact]
    public async Task An_order_of_another_tenant_is_not_found()
    {
        var order = (await shop.ConfirmedAsync(await shop.NewItemAsync(3))).Id();
        using var stranger = await SignedInAsync("stranger");
        var page = await stranger.GetAsync("/orders/" + order);
        Assert.Equal(404, page.Status);
        Assert.Contains("Not found", page.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("confirmed", page.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_key_is_shown_once_and_in_no_address()
    {
        using var visitor = await SignedInAsync("acme");
        var made = await visitor.PostAsync("/keys", ("form_token", await visitor.FormTokenAsync()), ("name", "till"), ("scopes", "viewer"));
        Assert.Equal(200, made.Status);
        var key = KeyText().Match(made.Body).Value;
        Assert.NotEmpty(key);
        Assert.DoesNotContain(made.Headers.Values, value => value.Contains(key, StringComparison.Ordinal));
        Assert.DoesNotContain(key, (await visitor.GetAsync("/keys")).Body, StringComparison.Ordinal);
        Assert.DoesNotContain(key, (await visitor.GetAsync("/audit")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_marked_in_a_list_is_done_for_each_and_told()
    {
        var sku = await shop.NewItemAsync(5);
        var (one, other, canceled) = ((await shop.ConfirmedAsync(sku)).Id(), (await shop.ConfirmedAsync(sku)).Id(), (await shop.ConfirmedAsync(sku)).Id());
        Assert.True((await shop.Api.PostAsync($"/v1/orders/{canceled}/cancel", "", "c-" + sku)).Status < 300);
        await shop.UntilStatusAsync(canceled, "canceled");
        using var visitor = await SignedInAsync("acme");
        var token = await visitor.FormTokenAsync();
        // The list is as of the last checkpoint.
        await Eventually.Async(async () => (await visitor.GetAsync("/orders?customer=c-" + sku)).Body.Contains($"value=\"{one}\"", StringComparison.Ordinal), "it can be marked");
        var done = await visitor.PostAsync("/orders/bulk", ("form_token", token), ("key", "bulk-" + sku), ("query", "?customer=c-" + sku), ("act", "hold"), ("reason", "fraud?"),
            ("order", one), ("order", other), ("order", canceled));
        Assert.StartsWith($"/orders?customer=c-{sku}&problem=Done%20for%202%2C%20refused%20for%201.%20{canceled}", done.Location, StringComparison.Ordinal);
        Assert.Contains("Done for 2, refused for 1.", (await visitor.GetAsync(done.Location!)).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("call 0900", (await visitor.GetAsync("/orders?notice=call%200900")).Body, StringComparison.Ordinal);
        Assert.DoesNotContain("call 0900", (await visitor.GetAsync("/orders?notice=call%200900&seal=" + done.Location!.Split("seal=")[1])).Body, StringComparison.Ordinal);
        foreach (var id in new[] { one, other })
            Assert.Single((await shop.Api.GetAsync("/v1/orders/" + id))["holds"].AsArray());

        Assert.StartsWith("/orders?problem=Mark", (await visitor.PostAsync("/orders/bulk", ("form_token", token), ("query", "//evil.example"), ("act", "hold"))).Location, StringComparison.Ordinal);
        Assert.StartsWith("/orders?problem=Mark", (await visitor.PostAsync("/orders/bulk", ("form_token", token), ("act", "destroy"), ("order", one))).Location, StringComparison.Ordinal);
        Assert.StartsWith("/sign-in?problem=form", (await visitor.PostAsync("/orders/bulk", ("act", "hold"), ("order", one))).Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?status=confirmed&created_after=xx", "created_after is a time")]
    [InlineData("?status=confirmed&attention=banana", "attention is true or false")]
    [InlineData("?status=confirmed&today=1", "today is true or false")]
    public async Task A_filter_that_is_not_understood_is_told_and_nothing_is_done_without_it(string list, string words)
    {
        using var visitor = await SignedInAsync("acme");
        var token = await visitor.FormTokenAsync();
        var page = (await visitor.GetAsync("/orders" + list)).Body;
        Assert.Contains(words, page, StringComparison.Ordinal);
        Assert.DoesNotContain("/operations/new", page, StringComparison.Ordinal);
        foreach (var path in new[] { "/operations/new", "/orders/export" })
            Assert.Equal((400, true), (await visitor.GetAsync(path + list)) is var refused ? (refused.Status, refused.Body.Contains(words, StringComparison.Ordinal)) : default);
        var started = await visitor.PostAsync("/operations/start", ("form_token", token), ("key", Guid.NewGuid().ToString()), ("query", list), ("action", "hold"), ("sure", "yes"));
        Assert.Equal((400, true), (started.Status, started.Body.Contains(words, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Something_is_done_with_everything_that_matches_once_it_is_confirmed()
    {
        var sku = await shop.NewItemAsync(5);
        var (one, other) = ((await shop.ConfirmedAsync(sku)).Id(), (await shop.ConfirmedAsync(sku)).Id());
        using var visitor = await SignedInAsync("acme");
        var token = await visitor.FormTokenAsync();
        var list = "?status=confirmed&customer=c-" + sku;
        await Eventually.Async(async () => (await visitor.GetAsync("/orders" + list)).Body is var page && page.Contains(one, StringComparison.Ordinal) && page.Contains(other, StringComparison.Ordinal), "they are listed");
        Assert.Contains($"href=\"/operations/new{list.Replace("&", "&amp;")}\"", (await visitor.GetAsync("/orders" + list)).Body, StringComparison.Ordinal);
        Assert.Contains($"status: confirmed, customer: c-{sku}", (await visitor.GetAsync("/operations/new" + list)).Body, StringComparison.Ordinal);
        (string, string)[] form = [("form_token", token), ("key", "all-" + sku), ("query", list), ("action", "hold"), ("reason", "recalled"), ("rate", "100")];
        Assert.StartsWith("/operations/new?status=confirmed&customer=c-" + sku + "&problem=Say", (await visitor.PostAsync("/operations/start", form)).Location, StringComparison.Ordinal);
        Assert.StartsWith("/sign-in?problem=form", (await visitor.PostAsync("/operations/start", [.. form[1..], ("sure", "yes")])).Location, StringComparison.Ordinal);
        var begun = (await visitor.PostAsync("/operations/start", [.. form, ("sure", "yes")])).Location!;
        Assert.StartsWith("/operations/job_", begun, StringComparison.Ordinal);
        // Pressed twice, it is begun once.
        Assert.Equal(begun.Split('?')[0], (await visitor.PostAsync("/operations/start", [.. form, ("sure", "yes")])).Location!.Split('?')[0]);
        var job = begun.Split('?')[0];
        var done = await Eventually.AsyncOf(async () => (await visitor.GetAsync(job)).Body, page => page.Contains("class=\"status done\"", StringComparison.Ordinal), "the job is done");
        Assert.Contains("<progress value=\"2\" max=\"2\"", done, StringComparison.Ordinal);
        Assert.Contains($"<a href=\"/orders/{other}\">", done, StringComparison.Ordinal);
        Assert.Contains(job, (await visitor.GetAsync("/operations")).Body, StringComparison.Ordinal);
        foreach (var id in new[] { one, other })
            Assert.Single((await shop.Api.GetAsync("/v1/orders/" + id))["holds"].AsArray());
        // It is over, and the page says so.
        Assert.Contains("&problem=" , "&" + (await visitor.PostAsync(job + "/cancel", ("form_token", token), ("key", "c-" + sku))).Location!.Replace('?', '&'), StringComparison.Ordinal);
        using var stranger = await SignedInAsync("stranger");
        Assert.Equal(404, (await stranger.GetAsync(job)).Status);
    }

    [Fact]
    public async Task A_list_is_a_file_too()
    {
        var sku = await shop.NewItemAsync(500);
        var mine = Bodies.Order(sku).With("external_id", "=1+2-" + sku).ToJsonString();
        Assert.Equal(201, (await shop.Api.PlaceAsync(mine, "first-" + sku, "Prefer: wait=30")).Status);
        // More than a page.
        await Task.WhenAll(Enumerable.Range(0, 250).Select(async i => Assert.True((await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), $"{sku}-{i}")).Status < 300)));
        using var visitor = await SignedInAsync("acme", Scopes.OrdersRead);
        var query = "/orders/export?customer=c-" + sku;
        var lines = await Eventually.AsyncOf(async () => (await visitor.GetAsync(query + "&format=ndjson")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries), all => all.Length == 251, "all are listed");
        Assert.Equal(251, lines.Select(line => (string)System.Text.Json.Nodes.JsonNode.Parse(line)!["id"]!).Distinct().Count());
        var csv = await visitor.GetAsync(query + "&format=csv");
        Assert.StartsWith("id,external_id,status,", csv.Body, StringComparison.Ordinal);
        // No formula for whoever opens it.
        Assert.Contains($",'=1+2-{sku},", csv.Body.Replace("\"", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal((252, "attachment; filename=orders.csv; filename*=UTF-8''orders.csv"), (csv.Body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length, csv.Headers["Content-Disposition"]));
        Assert.Equal(400, (await visitor.GetAsync(query + "&format=xml")).Status);
        using var stranger = await SignedInAsync("stranger");
        Assert.Empty((await stranger.GetAsync(query + "&format=ndjson")).Body);
    }

    [Fact]
    public async Task An_order_is_found_by_its_id_its_number_its_key_and_the_key_of_its_payment()
    {
        var sku = await shop.NewItemAsync(5);
        var order = (await shop.Api.PlaceAsync(Bodies.Order(sku).With("external_id", "no-" + sku).ToJsonString(), "key-" + sku, "Prefer: wait=30")).Id();
        using var visitor = await SignedInAsync("acme", Scopes.OrdersRead);
        // Not everything that begins so is an id.
        Assert.Equal(200, (await visitor.GetAsync("/orders?q=ord_1001")).Status);
        foreach (var known in new[] { order, order + ":authorize:1" })
            Assert.Equal("/orders/" + order, (await visitor.GetAsync("/orders?q=" + Uri.EscapeDataString(known))).Location);
        await Eventually.Async(async () => (await visitor.GetAsync("/orders?q=key-" + sku)).Location == "/orders/" + order, "the key is checkpointed");
        Assert.Contains(order, (await visitor.GetAsync("/orders?q=no-" + sku)).Body, StringComparison.Ordinal);
        using var stranger = await SignedInAsync("stranger");
        var nothing = await stranger.GetAsync("/orders?q=key-" + sku);
        Assert.Equal((200, false), (nothing.Status, nothing.Body.Contains(order, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_audit_log_is_a_file_for_its_admin_alone()
    {
        using var visitor = await SignedInAsync("acme");
        var lines = (await visitor.GetAsync("/audit/export?format=ndjson")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var csv = await visitor.GetAsync("/audit/export?format=csv");
        Assert.StartsWith("seq,at,actor_kind,actor,action,subject,detail,chain\r\n", csv.Body, StringComparison.Ordinal);
        Assert.Contains(lines, line => line.Contains("\"key.created\"", StringComparison.Ordinal));
        var numbers = lines.Select(line => (long)System.Text.Json.Nodes.JsonNode.Parse(line)!["seq"]!).ToList();
        Assert.Equal(numbers.Distinct().Order(), numbers);
        // The header, and at least what was there before; a line break within a cell is quoted.
        Assert.InRange(csv.Body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length, lines.Length + 1, int.MaxValue);
        using var reader = await SignedInAsync("acme", Scopes.OrdersRead);
        Assert.Equal(403, (await reader.GetAsync("/audit/export?format=csv")).Status);
    }

    [Fact]
    public async Task An_audit_log_of_more_than_a_page_is_exported_whole()
    {
        using var visitor = await SignedInAsync("exported", Scopes.Admin);
        using var admin = await shop.NewClientAsync("exported", Scopes.Admin);
        for (var made = 0; made < 110; made++)
        {
            var key = await admin.PostAsync("/v1/api-keys", $$"""{"name":"till-{{made}}","scopes":["orders:read"]}""", $"make-{made}");
            Assert.Equal(201, key.Status);
            Assert.Equal(204, (await admin.SendAsync("DELETE", "/v1/api-keys/" + key.Id(), "")).Status);
        }

        var entries = (await visitor.GetAsync("/audit/export?format=ndjson")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!).ToList();
        // Two of them are those of the visitor and of the admin.
        Assert.Equal((112, 110), (entries.Count(entry => (string)entry["action"]! == "key.created"), entries.Count(entry => (string)entry["action"]! == "key.revoked")));
        Assert.Equal(entries.Select(entry => (long)entry["seq"]!).Distinct().Order(), entries.Select(entry => (long)entry["seq"]!));
    }

    [Fact]
    public async Task Events_are_told_to_a_page_as_they_happen()
    {
        var sku = await shop.NewItemAsync(500);
        using var visitor = await SignedInAsync("acme", Scopes.OrdersRead | Scopes.EventsRead);
        Assert.Contains("id=\"tail\" data-after=\"", (await visitor.GetAsync("/events")).Body, StringComparison.Ordinal);
        Assert.Equal(400, (await visitor.GetAsync("/events?type=odd")).Status);
        using var told = new StreamReader(await visitor.OpenAsync("/_live/events?type=order.confirmed.v1"));
        // Its first line is of what happens from now on.
        Assert.Equal("data: {\"events\":[],\"is_part\":false}", await told.ReadLineAsync(TestContext.Current.CancellationToken));
        var order = (await shop.ConfirmedAsync(sku)).Id();
        var line = await UntilAsync(told, text => text.Contains(order, StringComparison.Ordinal));
        Assert.Contains($"\"type\":\"order.confirmed.v1\",\"order\":\"{order}\"", line, StringComparison.Ordinal);
        // More in a second than a page holds is left out, and said to be: each order has several events.
        using var all = new StreamReader(await visitor.OpenAsync("/_live/events"));
        Assert.NotNull(await all.ReadLineAsync(TestContext.Current.CancellationToken));
        await Task.WhenAll(Enumerable.Range(0, 400).Select(i => shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), $"{sku}-{i}")));
        var part = await UntilAsync(all, text => text.Contains("\"is_part\":true", StringComparison.Ordinal));
        Assert.Equal(50, part.Split("\"type\"").Length - 1);
        using var blind = await SignedInAsync("acme", Scopes.OrdersRead);
        Assert.Equal(403, (await blind.GetAsync("/events")).Status);

        static async Task<string> UntilAsync(StreamReader told, Func<string, bool> isIt)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            while (await told.ReadLineAsync(limit.Token) is { } text)
            {
                if (isIt(text))
                    return text;
            }

            throw new EndOfStreamException("It ended before that was told.");
        }
    }

    [Fact]
    public async Task Signing_out_ends_the_session()
    {
        using var visitor = await SignedInAsync("acme");
        Assert.Equal("/sign-in", (await visitor.PostAsync("/sign-out", ("form_token", await visitor.FormTokenAsync()))).Location);
        Assert.StartsWith("/sign-in", (await visitor.GetAsync("/orders")).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_goes_on_after_a_restart()
    {
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]);
        var key = NewKey.Of(settings, "acme", Scopes.Admin);
        using var visitor = new ConsoleVisitor(settings.Address);
        await using (await ServerProcess.StartAsync(settings))
            Assert.Equal("/orders", (await visitor.SignInAsync(key)).Location);
        await using var again = await ServerProcess.StartAsync(settings);
        Assert.Equal(200, (await visitor.GetAsync("/orders")).Status);
    }

    private async Task<string> KeyAsync(string tenant, Scopes scopes = Scopes.Admin)
    {
        var key = NewKey.Of(shop.Settings, tenant, scopes);
        (await shop.AdmittedAsync(key)).Dispose();
        return key;
    }

    private async Task<ConsoleVisitor> SignedInAsync(string tenant, Scopes scopes = Scopes.Admin)
    {
        var visitor = new ConsoleVisitor(shop.Settings.Address);
        Assert.Equal("/orders", (await visitor.SignInAsync(await KeyAsync(tenant, scopes))).Location);
        return visitor;
    }

    [GeneratedRegex(@"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", RegexOptions.IgnoreCase, 1_000)]
    private static partial Regex Inline();

    [GeneratedRegex("mr_live_[A-Za-z0-9_]+", RegexOptions.None, 1_000)]
    private static partial Regex KeyText();
}
