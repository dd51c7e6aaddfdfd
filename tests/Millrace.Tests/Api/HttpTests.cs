using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Api.Psp;
using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class HttpTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static int _number;
    private readonly string _sku = $"SKU-{Interlocked.Increment(ref _number)}";

    [Fact]
    public async Task What_can_be_got_can_be_asked_for_without_its_body()
    {
        var sku = "head-" + Guid.NewGuid().ToString("N")[..8];
        await server.StockAsync(sku, 3);
        foreach (var path in new[] { $"/v1/items/{sku}", "/v1/orders?limit=1", "/v1/events?limit=1", "/readyz" })
        {
            var whole = await server.SendAsync("GET", path);
            using var client = new HttpClient { BaseAddress = server.Address };
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + server.AdminKey);
            using var head = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((whole.Status, whole.MediaType, whole.Header("etag")), ((int)head.StatusCode, head.Content.Headers.ContentType!.MediaType, head.Headers.ETag?.Tag));
            Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task There_is_one_document_of_the_api_and_any_other_is_not_found_like_everything_else()
    {
        using var client = new HttpClient { BaseAddress = server.Address };
        Assert.Equal("3.1.1", (string)System.Text.Json.Nodes.JsonNode.Parse(await client.GetStringAsync("/openapi/v1.json", TestContext.Current.CancellationToken))!["openapi"]!);
        using var other = await client.GetAsync("/openapi/v2.json", TestContext.Current.CancellationToken);
        Assert.Equal((404, "application/problem+json"), ((int)other.StatusCode, other.Content.Headers.ContentType!.MediaType));
    }

    [Fact]
    public async Task An_order_is_placed_and_confirmed_and_a_repeat_is_the_first_answer_byte_for_byte()
    {
        await server.StockAsync(_sku, 10);
        var first = await PlaceAsync("once-" + _sku);
        Assert.Equal(202, first.Status);
        Assert.Equal("pending", (string)first["status"]!);
        Assert.Equal(500, (long)first["total"]!);
        Assert.Equal($"/v1/orders/{first["id"]}", first.Header("Location"));
        Assert.Equal("nosniff", first.Header("X-Content-Type-Options"));
        Assert.Null(first.Header("Server"));
        Assert.Equal(Encoding.UTF8.GetByteCount(first.Body).ToString(), first.Header("Content-Length"));

        var settled = await PlaceAsync("once-" + _sku, "Prefer: wait=10");
        Assert.Equal((201, "confirmed", "true"), (settled.Status, (string)settled["status"]!, settled.Header("Idempotent-Replayed")));
        var repeat = await PlaceAsync("once-" + _sku);
        Assert.Equal((202, first.Body, "true"), (repeat.Status, repeat.Body, repeat.Header("Idempotent-Replayed")));
        (await server.PostAsync("/v1/orders", Order(3), "once-" + _sku)).Problem(422, "idempotency_key_reused");
    }

    [Fact]
    public async Task A_repeat_gets_the_first_answer_even_after_the_price_has_changed()
    {
        await server.StockAsync(_sku, 10);
        var body = Order(2).Replace("\"quantity\":2", "\"quantity\":2,\"unit_price\":250", StringComparison.Ordinal);
        var key = server.NewKey("acme", Scopes.OrdersWrite);
        var first = await server.SendAsync("POST", "/v1/orders", body, key, headers: ["Idempotency-Key: price-" + _sku]);
        Assert.Equal(202, first.Status);
        Assert.Equal(200, (await server.SendAsync("PUT", $"/v1/items/{_sku}", """{"name":"Mug","price":300,"currency":"EUR"}""")).Status);
        var repeat = await server.SendAsync("POST", "/v1/orders", body, key, headers: ["Idempotency-Key: price-" + _sku]);
        Assert.Equal((202, first.Body), (repeat.Status, repeat.Body));
        var fresh = await server.SendAsync("POST", "/v1/orders", body, key, headers: ["Idempotency-Key: price2-" + _sku]);
        Assert.Equal("/lines/0/unit_price", fresh.Problem(403, "insufficient_scope").Errors![0].Pointer);
    }

    [Fact]
    public async Task An_order_that_cannot_be_filled_is_answered_as_rejected()
    {
        await server.StockAsync(_sku, 1);
        var answer = await PlaceAsync("none-" + _sku, "Prefer: wait=10");
        Assert.Equal((200, "rejected", "out_of_stock"), (answer.Status, (string)answer["status"]!, (string)answer["closing"]["code"]!));
        Assert.Equal("wait=10", answer.Header("Preference-Applied"));
    }

    [Fact]
    public async Task The_catalog_and_the_expected_total_are_checked()
    {
        await server.StockAsync(_sku, 10);
        Assert.Equal("/lines/0/sku", (await server.PostAsync("/v1/orders", Order(2).Replace(_sku, "NONE", StringComparison.Ordinal), "u-" + _sku)).Problem(422, "unknown_sku").Errors![0].Pointer);
        (await server.PostAsync("/v1/orders", Order(2).Replace("EUR", "USD", StringComparison.Ordinal), "c-" + _sku)).Problem(422, "currency_mismatch");
        var total = await server.PostAsync("/v1/orders", Order(2).Insert(1, "\"expected_total\":499,"), "t-" + _sku);
        Assert.Equal(500, total.Problem(409, "total_mismatch").ComputedTotal);
        Assert.Equal(202, (await server.PostAsync("/v1/orders", Order(2).Insert(1, "\"expected_total\":500,"), "t-" + _sku)).Status);
    }

    [Fact]
    public async Task The_life_of_an_order_is_driven_read_and_accounted_for()
    {
        await server.StockAsync(_sku, 10);
        var order = await PlaceAsync("life-" + _sku, "Prefer: wait=10");
        var path = $"/v1/orders/{order["id"]}";
        var hold = await server.PostAsync(path + "/holds", """{"kind":"fraud","reason":"odd"}""", "h1");
        Assert.Equal(200, hold.Status);
        (await server.PostAsync(path + "/ship", "{}", "s0")).Problem(409, "not_shippable");
        (await server.PostAsync(path + "/holds/nope/release", "{}", "r0")).Problem(404, "hold_not_found");
        Assert.Equal(200, (await server.PostAsync($"{path}/holds/{hold["holds"][0]!["id"]}/release", "", "r1")).Status);
        (await server.PostAsync(path + "/deliver", "{}", "d0")).Problem(409, "not_deliverable");
        (await server.PostAsync(path + "/cancel", "{}", "c0", "If-Match: \"1\"")).Problem(412, "version_mismatch");
        var shipped = await server.PostAsync(path + "/ship", """{"carrier":"post","tracking":"T1"}""", "s1");
        Assert.Equal("fulfilled", (string)shipped["fulfillment_status"]!);
        var again = await server.PostAsync(path + "/ship", """{"carrier":"post","tracking":"T1"}""", "s1");
        Assert.Equal((shipped.Body, "true"), (again.Body, again.Header("Idempotent-Replayed")));
        (await server.PostAsync(path + "/ship", """{"carrier":"other"}""", "s1")).Problem(422, "idempotency_key_reused");
        (await server.PostAsync(path + "/cancel", "{}", "c1")).Problem(409, "already_shipped");
        Assert.Equal(200, (await server.PostAsync(path + "/deliver", "", "d1")).Status);
        await UntilAsync(path, o => (string)o["status"]! == "completed");
        (await server.PostAsync(path + "/refunds", """{"amount":501}""", "f0")).Problem(409, "refund_too_large");
        Assert.Equal(202, (await server.PostAsync(path + "/refunds", """{"amount":200,"reason":"chipped"}""", "f1")).Status);
        await UntilAsync(path, o => (string)o["payment_status"]! == "partially_refunded");

        var events = await server.SendAsync("GET", path + "/events");
        Assert.Equal("order.placed.v1", (string)events["data"][0]!["type"]!);
        var ledger = await server.SendAsync("GET", path + "/ledger");
        Assert.Equal(3, ledger["data"].AsArray().Count);
        Assert.All(ledger["data"].AsArray(), entry => Assert.Equal(0, entry!["postings"]!.AsArray().Sum(p => (long)p!["amount"]!)));
    }

    [Fact]
    public async Task An_item_is_changed_as_it_was_read_or_not_at_all()
    {
        var path = $"/v1/items/{_sku}";
        (await PutAsync(250, "If-Match: *")).Problem(412, "version_mismatch");
        (await PutAsync(250, "If-Match: \"1\"")).Problem(412, "version_mismatch");
        Assert.Equal(201, (await PutAsync(250, "If-None-Match: *")).Status);
        (await PutAsync(300, "If-None-Match: *")).Problem(412, "version_mismatch");
        var read = await server.SendAsync("GET", path);
        Assert.Equal(250, (int)read["price"]!);

        var changed = await PutAsync(300, $"If-Match: {read.Header("ETag")}");
        Assert.Equal(200, changed.Status);
        (await PutAsync(350, $"If-Match: {read.Header("ETag")}")).Problem(412, "version_mismatch");
        // The answer to the first may have been lost.
        var again = await PutAsync(300, $"If-Match: {read.Header("ETag")}");
        Assert.Equal((200, changed.Header("ETag")), (again.Status, again.Header("ETag")));
        Assert.Equal(200, (await PutAsync(400, "If-Match: *")).Status);

        foreach (var header in new[] { "If-Match: 7", "If-None-Match: \"1\"", "If-None-Match: *\r\nIf-Match: *" })
            (await PutAsync(500, header.Split("\r\n"))).Problem(400, "invalid_header");
        Assert.Equal(400, (int)(await server.SendAsync("GET", path))["price"]!);

        Task<ApiAnswer> PutAsync(int price, params string[] headers) =>
            server.SendAsync("PUT", path, $$"""{"name":"Mug","price":{{price}},"currency":"EUR"}""", headers: headers);
    }

    [Fact]
    public async Task A_read_can_be_conditional_or_of_the_past()
    {
        await server.StockAsync(_sku, 10);
        var order = await PlaceAsync("read-" + _sku, "Prefer: wait=10");
        var path = $"/v1/orders/{order["id"]}";
        var read = await server.SendAsync("GET", path);
        Assert.Equal((200, "private, no-cache"), (read.Status, read.Header("Cache-Control")));
        var unchanged = await server.SendAsync("GET", path, headers: [$"If-None-Match: {read.Header("ETag")}"]);
        Assert.Equal((304, ""), (unchanged.Status, unchanged.Body));
        foreach (var part in new[] { "/events", "/ledger" })
        {
            var shown = await server.SendAsync("GET", path + part);
            Assert.Equal((200, "private, no-cache", read.Header("ETag")), (shown.Status, shown.Header("Cache-Control"), shown.Header("ETag")));
            var same = await server.SendAsync("GET", path + part, headers: [$"If-None-Match: {shown.Header("ETag")}"]);
            Assert.Equal((304, "", shown.Header("ETag")), (same.Status, same.Body, same.Header("ETag")));
            Assert.Equal(200, (await server.SendAsync("GET", path + part, headers: ["If-None-Match: \"1\""])).Status);
        }

        Assert.Equal(200, (await server.SendAsync("GET", path + "?as_of=2099-01-01T00:00:00Z")).Status);
        (await server.SendAsync("GET", path + "?as_of=2020-01-01T00:00:00Z")).Problem(404, "order_not_found");
        (await server.SendAsync("GET", path + "?as_of=then")).Problem(400, "invalid_parameter");
    }

    [Fact]
    public async Task Nobody_sees_or_changes_the_order_of_another_merchant()
    {
        await server.StockAsync(_sku, 10);
        var order = await PlaceAsync("mine-" + _sku);
        var other = server.NewKey("other", Scopes.Admin);
        foreach (var path in new[] { "", "/events", "/ledger" })
            (await server.SendAsync("GET", $"/v1/orders/{order["id"]}{path}", key: other)).Problem(404, "order_not_found");
        foreach (var change in new[] { "cancel", "ship", "deliver", "refunds", "resume" })
            (await server.SendAsync("POST", $"/v1/orders/{order["id"]}/{change}", "{}", other, headers: ["Idempotency-Key: x"])).Problem(404, "order_not_found");
        (await server.SendAsync("GET", $"/v1/items/{_sku}", key: other)).Problem(404, "item_not_found");
        Assert.Empty((await server.SendAsync("GET", "/v1/orders", key: other))["data"].AsArray());
    }

    [Fact]
    public async Task A_key_opens_only_what_its_scopes_name()
    {
        (await server.SendAsync("GET", "/v1/orders", key: "")).Problem(401, "unauthenticated");
        var refused = await server.SendAsync("GET", "/v1/orders", key: "mr_live_nonsense");
        refused.Problem(401, "unauthenticated");
        Assert.StartsWith("Bearer", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
        var reader = server.NewKey("acme", Scopes.OrdersRead);
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/orders", key: reader)).Status);
        foreach (var path in new[] { "/v1/orders", "/v1/orders:batch", "/v1/orders/x/cancel", "/v1/orders/x/refunds", "/v1/orders/x/resume", "/v1/stock/adjustments" })
            (await server.SendAsync("POST", path, "{}", reader, headers: ["Idempotency-Key: k"])).Problem(403, "insufficient_scope");
        (await server.SendAsync("PUT", "/v1/items/A", "{}", reader)).Problem(403, "insufficient_scope");
    }

    [Fact]
    public async Task Every_refusal_is_a_problem_document()
    {
        (await server.SendAsync("POST", "/v1/orders", Order(1))).Problem(400, "idempotency_key_missing");
        (await server.PostAsync("/v1/orders", Order(1), "a,b")).Problem(400, "idempotency_key_invalid");
        (await server.PostAsync("/v1/orders", "{", "k")).Problem(400, "malformed_json");
        (await server.PostAsync("/v1/orders", "{}", "k")).Problem(422, "invalid_request");
        (await server.SendAsync("POST", "/v1/orders", "x", null, "text/plain", "Idempotency-Key: k")).Problem(415, "unsupported_media_type");
        (await server.PostAsync("/v1/orders", new string(' ', (1 << 20) + 1), "k")).Problem(413, "body_too_large");
        (await server.SendAsync("POST", "/v1/orders:batch", new string(' ', (8 << 20) + 1))).Problem(413, "body_too_large");
        (await server.SendAsync("GET", "/v1/nothing")).Problem(404, "not_found");
        (await server.SendAsync("GET", "/v1/orders/ord_nonsense")).Problem(404, "order_not_found");
        var method = await server.SendAsync("DELETE", "/v1/orders");
        method.Problem(405, "method_not_allowed");
        Assert.Contains("GET", method.Header("Allow"), StringComparison.Ordinal);
        (await server.SendAsync("GET", "/v1/orders?page=2")).Problem(400, "invalid_parameter");
        (await server.SendAsync("PUT", "/v1/items/A", """{"name":"x","price":-1,"currency":"EUR"}""")).Problem(422, "invalid_request");
        (await server.PostAsync("/v1/stock/adjustments", """{"sku":"NONE","delta":1,"reason":"x"}""", "k")).Problem(422, "unknown_sku");
    }

    [Fact]
    public async Task A_chunked_body_is_bounded_too()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Address.Host, server.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.AdminKey}\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"));
        var chunk = Encoding.ASCII.GetBytes($"10000\r\n{new string(' ', 0x10000)}\r\n");
        for (var i = 0; i <= 16; i++)
            await stream.WriteAsync(chunk);
        var answer = new byte[12];
        await stream.ReadExactlyAsync(answer);
        Assert.Equal("HTTP/1.1 413", Encoding.ASCII.GetString(answer));
    }

    [Theory]
    [InlineData("application/json", "[", ",", "]")]
    [InlineData("application/x-ndjson", "", "\n", "")]
    public async Task A_batch_answers_every_row_alone(string contentType, string start, string between, string end)
    {
        await server.StockAsync(_sku, 10);
        string[] rows =
        [
            $$"""{"idempotency_key":"b1-{{_sku}}","order":{{Order(1)}}}""",
            $$"""{"idempotency_key":"b2-{{_sku}}","order":{{Order(0)}}}""",
            $$"""{"idempotency_key":"b1-{{_sku}}","order":{{Order(2)}}}""",
        ];
        var answer = await server.SendAsync("POST", "/v1/orders:batch", start + string.Join(between, rows) + end, null, contentType);
        Assert.Equal(200, answer.Status);
        var statuses = answer["data"].AsArray().Select(row => (int)row!["status"]!).ToArray();
        Assert.Equal(422, statuses[1]);
        // Rows run at once: of two that share a key, either may be the first.
        Assert.Equal([202, 422], [.. new[] { statuses[0], statuses[2] }.Order()]);
    }

    [Fact]
    public async Task Lists_are_turned_page_by_page()
    {
        await server.StockAsync(_sku, 100);
        var tenant = server.NewKey("acme", Scopes.OrdersRead);
        for (var i = 0; i < 5; i++)
            await PlaceAsync($"list{i}-{_sku}", "Prefer: wait=10");
        // The read model shows what is checkpointed: whatever that is, pages of two are the list.
        var all = (await server.SendAsync("GET", $"/v1/orders?sku={_sku}", key: tenant))["data"].AsArray().Select(o => (string)o!["id"]!).ToList();
        var paged = new List<string>();
        for (var path = $"/v1/orders?sku={_sku}&limit=2"; path is not null;)
        {
            var page = await server.SendAsync("GET", path, key: tenant);
            Assert.Equal(200, page.Status);
            paged.AddRange(page["data"].AsArray().Select(o => (string)o!["id"]!));
            path = page.Header("Link")?.Split('<', '>')[1];
        }

        Assert.Empty(all.Except(paged, StringComparer.Ordinal));
        Assert.Equal(paged.Distinct(StringComparer.Ordinal), paged);
    }

    [Fact]
    public async Task Items_and_their_availability_are_shown()
    {
        var path = "/v1/items/A%2F" + _sku;
        Assert.Equal(201, (await server.SendAsync("PUT", path, """{"name":"Mug","price":250,"currency":"EUR","backorder_limit":5}""")).Status);
        Assert.Equal(200, (await server.PostAsync("/v1/stock/adjustments", $$"""{"sku":"A/{{_sku}}","delta":7,"reason":"receipt","location":"leeds"}""", "adj-" + _sku)).Status);
        // The same key for another item is another intent.
        await server.StockAsync(_sku, 1);
        var other = await server.PostAsync("/v1/stock/adjustments", $$"""{"sku":"{{_sku}}","delta":1,"reason":"receipt"}""", "adj-" + _sku);
        Assert.Equal((200, null), (other.Status, other.Header("Idempotent-Replayed")));
        var repeat = await server.PostAsync("/v1/stock/adjustments", $$"""{"sku":"A/{{_sku}}","delta":7,"reason":"receipt","location":"leeds"}""", "adj-" + _sku);
        Assert.Equal(("true", 7), (repeat.Header("Idempotent-Replayed"), (int)repeat["available"]!));
        (await server.PostAsync("/v1/stock/adjustments", $$"""{"sku":"A/{{_sku}}","delta":8,"reason":"receipt","location":"leeds"}""", "adj-" + _sku)).Problem(422, "idempotency_key_reused");
        Assert.Equal("leeds", (string)(await server.SendAsync("GET", path))["stock"][0]!["location"]!);
        var availability = await server.SendAsync("GET", path + "/availability");
        Assert.Equal((7, true, "private, max-age=5"), ((int)availability["available"]!, (bool)availability["backorderable"]!, availability.Header("Cache-Control")));
        // What is there is no backorder.
        Assert.Equal((true, false), ((await server.SendAsync("GET", $"/v1/items/{_sku}/availability")) is var none ? ((bool)none["in_stock"]!, (bool)none["backorderable"]!) : default));
    }

    [Fact]
    public async Task A_webhook_is_told_to_the_order_it_names()
    {
        await server.StockAsync(_sku, 10);
        var order = await PlaceAsync("hook-" + _sku, "Prefer: wait=10");
        Task<ApiAnswer> HookAsync(PspWebhookResult result)
        {
            server.NextWebhook = result;
            return server.SendAsync("POST", "/v1/psp/sim/webhooks", "{}", key: "");
        }

        Assert.Equal(204, (await HookAsync(new PspWebhookResult.Succeeded($"{order["id"]}:authorize:1", PaymentStep.Authorize, "op_1", 1, "EUR"))).Status);
        (await HookAsync(new PspWebhookResult.Succeeded($"{order["id"]}:refund:9", PaymentStep.Refund, "op_2", 1, "EUR"))).Problem(409, "unknown_payment");
        (await HookAsync(new PspWebhookResult.Declined("nonsense", PaymentStep.Authorize, "lost_card", false))).Problem(409, "unknown_payment");
        (await HookAsync(new PspWebhookResult.Refused("The signature is not ours."))).Problem(400, "signature_refused");
        (await HookAsync(new PspWebhookResult.UnknownPsp())).Problem(404, "not_found");
        Assert.Equal(204, (await HookAsync(new PspWebhookResult.Ignored())).Status);
    }

    [Fact]
    public async Task The_OpenAPI_document_describes_every_address()
    {
        var answer = await server.SendAsync("GET", "/openapi/v1.json", key: "");
        Assert.Equal(200, answer.Status);
        Assert.StartsWith("3.1", (string)answer["openapi"]!, StringComparison.Ordinal);
        var paths = answer["paths"].AsObject();
        foreach (var path in new[] { "/v1/orders", "/v1/orders:batch", "/v1/orders/{id}", "/v1/orders/{id}/holds/{hold}/release", "/v1/items/{sku}", "/livez" })
            Assert.True(paths.ContainsKey(path), path);
        var place = paths["/v1/orders"]!["post"]!;
        Assert.Contains(place["parameters"]!.AsArray(), p => (string)p!["name"]! == "Idempotency-Key");
        Assert.NotNull(place["requestBody"]!["content"]!["application/json"]!["schema"]);
        Assert.NotNull(place["responses"]!["202"]);
        Assert.Equal(200, (await server.SendAsync("GET", "/docs/", key: "")).Status);
    }

    [Fact]
    public async Task A_list_with_the_token_of_a_write_is_never_older_than_that_write()
    {
        await server.StockAsync(_sku, 10);
        var placed = await PlaceAsync("seen-" + _sku);
        var token = "Consistency-Token: " + placed.Header("Consistency-Token");
        Assert.Contains((string)placed["id"]!, (await server.SendAsync("GET", "/v1/orders", headers: token)).Body, StringComparison.Ordinal);
        await PlaceAsync("seen-" + _sku, "Prefer: wait=10");
        var canceled = await server.PostAsync($"/v1/orders/{placed["id"]}/cancel", "{}", "cancel-" + _sku);
        token = "Consistency-Token: " + canceled.Header("Consistency-Token");
        var listed = (await server.SendAsync("GET", "/v1/orders", headers: token))["data"].AsArray().Single(o => (string)o!["id"]! == (string)placed["id"]!)!;
        Assert.True((int)listed["version"]! >= (int)canceled["version"]);

        foreach (var wrong in new[] { "x", "ord_x.1", $"{placed["id"]}", $"{placed["id"]}.-1", string.Join(',', Enumerable.Repeat(canceled.Header("Consistency-Token"), 17)) })
            (await server.SendAsync("GET", "/v1/orders", headers: "Consistency-Token: " + wrong)).Problem(400, "invalid_header");
        // What will not be, and what is none of the asker's business, look the same.
        var behind = await server.SendAsync("GET", "/v1/orders", headers: $"Consistency-Token: {placed["id"]}.1000");
        behind.Problem(503, "list_behind");
        Assert.Equal("1", behind.Header("Retry-After"));
        (await server.SendAsync("GET", "/v1/orders", key: server.NewKey("stranger", Scopes.OrdersRead), headers: token)).Problem(503, "list_behind");
    }

    [Fact]
    public async Task Probes_metrics_and_the_yardstick_answer()
    {
        foreach (var path in new[] { "/livez", "/readyz", "/startupz" })
            Assert.Equal(200, (await server.SendAsync("GET", path, key: "")).Status);
        var noop = await server.SendAsync("POST", "/v1/_noop", Order(1), key: "");
        Assert.Equal((202, "{}"), (noop.Status, noop.Body));
        await server.StockAsync(_sku, 10);
        await PlaceAsync("metric-" + _sku);
        (await server.SendAsync("GET", "/metrics", key: "", headers: ["Host: " + new Uri(server.Management).Authority])).Problem(404, "not_found");
        Assert.Equal(200, (await server.SendAsync("GET", server.Management + "/livez", key: "")).Status);
        var metrics = await server.SendAsync("GET", server.Management + "/metrics", key: "");
        Assert.Equal(200, metrics.Status);
        Assert.Contains("millrace_orders_placed", metrics.Body, StringComparison.Ordinal);
        Assert.Contains("http_server_request_duration", metrics.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("http_server_active_requests", metrics.Body, StringComparison.Ordinal);
    }

    private Task<ApiAnswer> PlaceAsync(string key, params string[] headers) => server.PostAsync("/v1/orders", Order(2), key, headers);

    private string Order(int quantity) => new JsonObject
    {
        ["customer"] = new JsonObject { ["id"] = "c1" },
        ["currency"] = "EUR",
        ["lines"] = new JsonArray(new JsonObject { ["sku"] = _sku, ["quantity"] = quantity }),
        ["payment"] = new JsonObject { ["token"] = "tok_visa" },
    }.ToJsonString();

    // Each read is a round trip to the owner, which is what drives the order meanwhile.
    private async Task UntilAsync(string path, Func<ApiAnswer, bool> isDone)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!isDone(await server.SendAsync("GET", path)))
            limit.Token.ThrowIfCancellationRequested();
    }
}
