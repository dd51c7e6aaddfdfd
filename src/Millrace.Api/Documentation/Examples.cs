using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Millrace.Api.Problems;

namespace Millrace.Api.Documentation;

/// <summary>Examples of bodies and answers. Tests hold each to its schema, send those of bodies to a server, and read all with the client.</summary>
internal static class Examples
{
    private const string Place = """
        {"external_id":"PO-1001","customer":{"id":"c1","name":"Ada","email":"ada@example.com"},"currency":"GBP",
         "lines":[{"sku":"MUG","quantity":2,"unit_price":250,"discounts":[{"name":"spring","amount":50}],"tax_lines":[{"name":"VAT","amount":90}]}],
         "shipping":{"amount":499},
         "addresses":{"shipping":{"name":"Ada","line1":"1 Mill Race","line2":"Flat 2","city":"Leeds","region":"Yorkshire","postal_code":"LS1","country":"GB"}},
         "payment":{"token":"tok_visa"},"options":{"allow_backorder":true,"allow_split":false,"reservation_ttl_s":900},
         "expected_total":1039,"metadata":{"channel":"web"}}
        """;

    private const string Confirmed = """
        {"id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C","external_id":"PO-1001","status":"confirmed","payment_status":"authorized","fulfillment_status":"unfulfilled",
         "version":7,"placed_at":"2026-01-31T12:00:00.000Z","updated_at":"2026-01-31T12:00:00.250Z","currency":"GBP","total":1039,"shipping":499,
         "customer":{"id":"c1","name":"Ada","email":"ada@example.com"},
         "ship_to":{"name":"Ada","line1":"1 Mill Race","line2":"Flat 2","city":"Leeds","region":"Yorkshire","postal_code":"LS1","country":"GB"},
         "lines":[{"sku":"MUG","quantity":2,"unit_price":250,"discounts":[{"name":"spring","amount":50}],"tax_lines":[{"name":"VAT","amount":90}],"total":540,"stock":"allocated"}],
         "payment":{"psp":"psp","authorized":1039,"captured":0,"refunded":0,"voided":false,"pending":null,"attempts":0,"next_attempt_at":null,"reference":"auth_1","decline_code":null},
         "holds":[{"id":"hold_00c0ffee00c0ffee","kind":"fraud","reason":"looks odd","owner":"shop","placed_at":"2026-01-31T12:00:00.200Z","expires_at":"2026-02-01T12:00:00.000Z"}],
         "fulfillment":null,"closing":null,"attention":null,
         "options":{"allow_backorder":true,"allow_split":false,"reservation_ttl_s":900},"metadata":{"channel":"web"},"tracking_url":"/v1/track/AY6oXTaAcBKIAcZsIbWqdwDt0x4mD8rWc5nYb9m1QzE"}
        """;

    private const string Shipped = """
        {"id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7D","external_id":null,"status":"confirmed","payment_status":"unknown","fulfillment_status":"delivered",
         "version":14,"placed_at":"2026-01-31T12:00:00.000Z","updated_at":"2026-02-02T09:30:00.000Z","currency":"GBP","total":250,"shipping":0,
         "customer":{"id":"c2","name":null,"email":null},"ship_to":null,
         "lines":[{"sku":"MUG","quantity":1,"unit_price":250,"discounts":[],"tax_lines":[],"total":250,"stock":"deducted"}],
         "payment":{"psp":"psp","authorized":250,"captured":0,"refunded":0,"voided":false,"pending":"capture","attempts":12,"next_attempt_at":null,"reference":"auth_2","decline_code":null},
         "holds":[],"fulfillment":{"carrier":"post","tracking":"T1","shipped_at":"2026-02-01T08:00:00.000Z","delivered_at":"2026-02-02T09:00:00.000Z"},
         "closing":null,"attention":{"code":"payment_unknown","detail":"The provider did not answer.","at":"2026-02-02T09:30:00.000Z"},
         "options":{"allow_backorder":false,"allow_split":false,"reservation_ttl_s":900},"metadata":{},"tracking_url":"/v1/track/AY6oXTaAcBKIAcZsIbWqdwDt0x4mD8rWc5nYb9m1QzF"}
        """;

    private const string Waiting = """
        {"id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7F","external_id":null,"status":"pending","payment_status":"unknown","fulfillment_status":"unfulfilled",
         "version":5,"placed_at":"2026-01-31T12:00:00.000Z","updated_at":"2026-01-31T12:00:08.000Z","currency":"GBP","total":250,"shipping":0,
         "customer":{"id":"c4","name":null,"email":null},"ship_to":null,
         "lines":[{"sku":"MUG","quantity":1,"unit_price":250,"discounts":[],"tax_lines":[],"total":250,"stock":"reserved"}],
         "payment":{"psp":"psp","authorized":0,"captured":0,"refunded":0,"voided":false,"pending":"authorize","attempts":3,"next_attempt_at":"2026-01-31T12:00:16.000Z","reference":null,"decline_code":null},
         "holds":[],"fulfillment":null,"closing":null,"attention":null,
         "options":{"allow_backorder":false,"allow_split":false,"reservation_ttl_s":900},"metadata":{},"tracking_url":"/v1/track/AY6oXTaAcBKIAcZsIbWqdwDt0x4mD8rWc5nYb9m1QzH"}
        """;

    private const string Rejected = """
        {"id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7E","external_id":null,"status":"rejected","payment_status":"not_paid","fulfillment_status":"unfulfilled",
         "version":6,"placed_at":"2026-01-31T12:00:00.000Z","updated_at":"2026-01-31T12:00:00.250Z","currency":"GBP","total":250,"shipping":0,
         "customer":{"id":"c3","name":null,"email":null},"ship_to":null,
         "lines":[{"sku":"MUG","quantity":1,"unit_price":250,"discounts":[],"tax_lines":[],"total":250,"stock":"released"}],
         "payment":{"psp":"psp","authorized":0,"captured":0,"refunded":0,"voided":false,"pending":null,"attempts":0,"next_attempt_at":null,"reference":null,"decline_code":"card_declined"},
         "holds":[],"fulfillment":null,"closing":{"outcome":"rejected","code":"payment_declined","detail":"card_declined"},"attention":null,
         "options":{"allow_backorder":false,"allow_split":false,"reservation_ttl_s":900},"metadata":{},"tracking_url":"/v1/track/AY6oXTaAcBKIAcZsIbWqdwDt0x4mD8rWc5nYb9m1QzG"}
        """;

    private const string Item = """
        {"sku":"MUG","name":"Mug","price":250,"currency":"GBP","backorder_limit":10,"available":98,"version":3,
         "stock":[{"location":"main","on_hand":100,"reserved":2,"allocated":0,"available":98}]}
        """;

    private const string Key = """
        {"id":"key_7Qd2","name":"till","scopes":["orders:read","orders:write"],"state":"live","created_at":"2026-01-31T12:00:00.000Z",
         "expires_at":"2099-01-01T00:00:00.000Z","last_used_at":"2026-01-31T12:05:00.000Z"
        """;

    private const string Webhook = """
        {"id":"whk_4n8d2k7q9x3w","url":"https://shop.example/millrace","events":["order.confirmed.v1","order.closed.v1"],"description":"stock in the shop","disabled":false,
         "state":"failing","stopped_because":null,"created_at":"2026-01-31T12:00:00.000Z","changed_at":"2026-01-31T12:00:00.000Z",
         "former_secret_ends_at":"2026-02-01T12:00:00.000Z","lag_s":0,"waiting":3,"failed":1,"replays":1,"failing_since":"2026-01-31T12:04:00.000Z",
         "last_success_at":"2026-01-31T12:03:59.000Z","last_failure_at":"2026-01-31T12:05:00.000Z","last_error":"timeout"
        """;

    private const string RefusedRow = """
        {"type":"https://millrace.dev/problems/unknown_sku","title":"There is no such item","status":422,"detail":"There is no such item.","code":"unknown_sku",
         "trace_id":"0HNPIV5J1KQ0V:00000001","errors":[{"pointer":"/lines/0/sku","code":"unknown_sku","detail":"There is no such item."}]}
        """;

    private const string Event = """
        {"specversion":"1.0","id":"17:4242:0","source":"/v1/orders","type":"order.placed.v1","subject":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C",
         "time":"2026-01-31T12:00:00.000Z","datacontenttype":"application/json","sequence":"1","partitionkey":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
         "data":{"version":1,"type":"order.placed.v1","at":"2026-01-31T12:00:00.000Z","actor":{"kind":"api_key","name":"shop"},"data":{"total":1039,"currency":"GBP","lines":1}}}
        """;

    private const string Repeated = """{"id":"brk_8f14e45fceea167a5a36dedd4bea2543","kind":"repeated","state":"open","payment_key":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C:authorize:1","psp_reference":"pa_2","operation":"authorize","tenant":"acme","order_id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C","psp_order_id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C","ours":{"amount":1039,"currency":"GBP"},"theirs":{"amount":1039,"currency":"GBP"},"at_risk":{"amount":1039,"currency":"GBP"},"owner":null,"opened_at":"2026-01-31T12:00:00.000Z","closed_at":null,"closed_by":null,"reason":null}""";

    private const string Job = """
        {"id":"job_0123456789abcdef0123456789abcdef","status":"running","action":"cancel",
         "query":{"status":"pending","customer":"c1","external_id":"PO-1001","sku":"MUG","created_after":"2026-01-31T12:00:00.000Z","attention":true,"attention_code":"payment_unknown"},
         "reason":"recalled","rate":10,"limit":1000,"started_by":{"kind":"api_key","name":"shop"},"created_at":"2026-01-31T12:00:00.000Z",
         "updated_at":"2026-01-31T12:00:05.000Z","ended_at":null,"total":230,"processed":50,"changed":46,"unchanged":1,"refused":2,"skipped":1}
        """;

    private const string JobDone = """
        {"id":"job_0123456789abcdef0123456789abcde0","status":"done","action":"retry","query":{"attention":true},"reason":null,"rate":10,"limit":10000,
         "started_by":{"kind":"api_key","name":"shop"},"created_at":"2026-01-31T12:00:00.000Z","updated_at":"2026-01-31T12:00:05.000Z","ended_at":"2026-01-31T12:00:05.000Z",
         "total":null,"processed":0,"changed":0,"unchanged":0,"refused":0,"skipped":0}
        """;

    private const string Limits = """{"tenant":{"per_second":500,"burst":1000},"key":{"per_second":100,"burst":200},"per_day":1000000}""";

    // In the order in which a reader meets them.
    private static readonly (Type Shape, string Name, string Json)[] All =
    [
        (typeof(PlaceOrderShape), "order_to_place", Place),
        (typeof(BatchRowShape), "batch_row", """{"idempotency_key":"import-1","order":{"customer":{"id":"c1"},"currency":"GBP","lines":[{"sku":"MUG","quantity":1}],"payment":{"token":"tok_visa","psp":"psp"}}}"""),
        (typeof(ReasonShape), "reason", """{"reason":"changed their mind"}"""),
        (typeof(PlaceHoldShape), "hold_to_place", """{"kind":"fraud","reason":"looks odd","expires_at":"2099-01-01T00:00:00Z"}"""),
        (typeof(EmptyShape), "nothing", "{}"),
        (typeof(NewJobShape), "job_to_start", """{"action":"cancel","query":{"status":"pending","customer":"c1","external_id":"PO-1001","sku":"MUG","created_after":"2026-01-31T12:00:00.000Z","attention":true,"attention_code":"payment_unknown"},"reason":"recalled","rate":10,"limit":1000}"""),
        (typeof(ShipShape), "parcel", """{"carrier":"post","tracking":"T1"}"""),
        (typeof(RefundShape), "refund", """{"amount":250,"reason":"broken"}"""),
        (typeof(PutItemShape), "item_to_put", """{"name":"Mug","price":250,"currency":"GBP","backorder_limit":10}"""),
        (typeof(AdjustStockShape), "receipt", """{"sku":"MUG","delta":100,"reason":"receipt","location":"main"}"""),
        (typeof(NewApiKeyShape), "key_to_make", """{"name":"till","scopes":["orders:read","orders:write"],"expires_at":"2099-01-01T00:00:00Z"}"""),
        (typeof(RotationShape), "rotation", """{"overlap_s":3600}"""),
        (typeof(WebhookSettingsShape), "webhook_to_make", """{"url":"https://shop.example/millrace","events":["order.confirmed.v1","order.closed.v1"],"description":"stock in the shop","disabled":false}"""),
        (typeof(WebhookRotationShape), "secret_rotation", """{"overlap_s":86400}"""),
        (typeof(NewReplayShape), "replay_of_a_time", """{"from":"2026-01-31T12:00:00Z","until":"2026-01-31T13:00:00Z"}"""),
        (typeof(NewReplayShape), "replay_of_an_event", """{"event_id":"17:4211:0"}"""),
        (typeof(NewReplayShape), "replay_of_what_failed", """{"failed":true}"""),
        (typeof(PspEventShape), "declined", """{"id":"evt_1","type":"authorization.declined","operation_id":"op_1","reference":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7E:authorize:1","order":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7E","authorization_id":"auth_3","amount":250,"currency":"GBP","code":"card_declined","soft":false}"""),
        (typeof(OrderShape), "confirmed_order", Confirmed),
        (typeof(OrderShape), "order_that_waits_for_a_person", Shipped),
        (typeof(OrderShape), "order_that_waits_for_its_payment", Waiting),
        (typeof(OrderShape), "rejected_order", Rejected),
        (typeof(OrderListShape), "page", $$"""{"data":[{{Confirmed}}],"has_more":true,"next_cursor":"AbC","as_of":"2026-01-31T12:00:01.000Z"}"""),
        (typeof(AttentionListShape), "attention", """{"data":[{"code":"payment_unknown","orders":100000,"has_more":true,"oldest_order":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C","oldest_placed_at":"2026-01-31T11:20:00.000Z","newest_order":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7D","newest_placed_at":"2026-01-31T12:00:00.000Z"}],"as_of":"2026-01-31T12:00:01.000Z"}"""),
        (typeof(BatchShape), "taken_and_refused", $$"""{"data":[{"row":0,"idempotency_key":"import-1","status":202,"replayed":false,"consistency_token":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C.7","order":{{Confirmed}}},{"row":1,"idempotency_key":"import-2","status":422,"replayed":false,"problem":{{RefusedRow}}}]}"""),
        (typeof(EventListShape), "timeline", """{"data":[{"version":1,"type":"order.placed.v1","at":"2026-01-31T12:00:00.000Z","actor":{"kind":"api_key","name":"shop"},"data":{"total":1039,"currency":"GBP","lines":1}}]}"""),
        (typeof(CloudEventShape), "event", Event),
        (typeof(CloudEventListShape), "events", $$"""{"data":[{{Event}}],"has_more":false,"next_cursor":"AQABAAAB1AQ"}"""),
        (typeof(LedgerShape), "ledger", """{"currency":"GBP","data":[{"version":6,"at":"2026-01-31T12:00:00.250Z","kind":"authorize","reference":"auth_1","postings":[{"account":"authorization_held","amount":1039},{"account":"authorization_promised","amount":-1039}]}],"balances":[{"account":"authorization_held","amount":1039},{"account":"authorization_promised","amount":-1039}]}"""),
        (typeof(ItemShape), "item", Item),
        (typeof(ItemListShape), "catalog", $$"""{"data":[{{Item}}],"has_more":true,"next_cursor":"AU1VRw","as_of":"2026-01-31T12:00:01.000Z"}"""),
        (typeof(DemandShape), "demand", """{"data":[{"sku":"MUG","lines":41,"units":52,"units_at_most":52}],"since":"2026-01-31T11:52:30.000Z","as_of":"2026-01-31T12:00:01.000Z"}"""),
        (typeof(AvailabilityShape), "availability", """{"sku":"MUG","available":98,"in_stock":true,"backorderable":true}"""),
        (typeof(ApiKeyShape), "new_key", Key + ""","key":"mr_live_…"}"""),
        (typeof(ApiKeyListShape), "keys", $$"""{"data":[{{Key}}}]}"""),
        (typeof(WebhookShape), "new_webhook", Webhook + ""","secret":"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}"""),
        (typeof(WebhookShape), "stopped_webhook", """{"id":"whk_0b1c5f8g2h6j","url":"https://old.example/","events":null,"description":null,"disabled":false,"state":"stopped","stopped_because":"gone","created_at":"2026-01-31T12:00:00.000Z","changed_at":"2026-01-31T12:00:00.000Z","former_secret_ends_at":null,"lag_s":0,"waiting":1,"failed":0,"replays":0,"failing_since":"2026-01-31T12:04:00.000Z","last_success_at":null,"last_failure_at":"2026-01-31T12:04:00.000Z","last_error":"refused"}"""),
        (typeof(WebhookListShape), "webhooks", $$"""{"data":[{{Webhook}}}]}"""),
        (typeof(AttemptListShape), "attempts", """{"data":[{"event_id":"17:4212:0","type":"order.confirmed.v1","order_id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C","attempt":2,"at":"2026-01-31T12:05:00.000Z","outcome":"waiting","status":503,"error":"refused","duration_ms":31,"next_at":"2026-01-31T12:10:00.000Z"},{"event_id":"17:4211:0","type":"order.placed.v1","order_id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7D","attempt":1,"at":"2026-01-31T12:04:58.000Z","outcome":"delivered","status":204,"error":null,"duration_ms":12,"next_at":null}],"has_more":true,"next_cursor":"17:4211:0"}"""),
        (typeof(WebhookTestShape), "taken_ping", """{"event_id":"test:8f14e45fceea167a5a36dedd4bea2543","delivered":true,"status":204,"error":null,"duration_ms":42}"""),
        (typeof(WebhookTestShape), "lost_ping", """{"event_id":"test:8f14e45fceea167a5a36dedd4bea2543","delivered":false,"status":null,"error":"timeout","duration_ms":15000}"""),
        (typeof(ReplayShape), "replay", """{"id":"rpl_42","event_id":null,"from":"2026-01-31T12:00:00.000Z","until":"2026-01-31T13:00:00.000Z","failed":false}"""),
        (typeof(ReplayShape), "replay_of_one", """{"id":"rpl_43","event_id":"17:4211:0","from":null,"until":null,"failed":false}"""),
        (typeof(AuditListShape), "entries", """{"data":[{"seq":41,"at":"2026-01-31T12:00:00.000Z","actor":{"kind":"operator","name":"ops"},"action":"limits.set","subject":"acme","detail":{"per_day":1000000},"chain":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}],"has_more":true,"next_cursor":"41"}"""),
        (typeof(LimitsShape), "limits", Limits),
        (typeof(NodeListShape), "nodes", """{"data":[{"name":"a","address":"10.0.0.5:11111","status":"active","drained":false,"partitions":32,"version":"0.1.0"}],"payload_format":3}"""),
        (typeof(PartitionListShape), "partitions", """{"data":[{"partition":0,"node":"a","state":"serving"},{"partition":1,"node":null,"state":"moving"}]}"""),
        (typeof(TenantListShape), "tenants", """{"data":[{"name":"acme","limits":{"tenant":{"per_second":500,"burst":1000},"key":{"per_second":200,"burst":400},"per_day":1000000},"available":940,"available_of":1000,"used_today":120500}]}"""),
        (typeof(PausedTenantListShape), "paused_tenants", """{"data":[{"name":"acme","since":"2026-01-31T12:00:00.000Z","by":"ops","seen":true}]}"""),
        (typeof(CachesShape), "caches", """{"node":"a","shared":true,"data":[{"name":"tracking","hits":98000,"misses":1900,"stale":3},{"name":"availability","hits":5200,"misses":800,"stale":0}],"shared_caches":[{"host":"cdn.example.com","working":true,"waiting":0,"sent":410,"failed":2}]}"""),
        (typeof(AlertListShape), "breaker_open", """{"rules":37,"data":[{"name":"PspBreakerOpen","severity":"page","state":"firing","since":"2026-01-31T12:00:00.000Z","summary":"The payment provider is not asked: its breaker is open","description":"No call goes through at node-a.","runbook":"https://millrace.dev/runbooks/psp-breaker-open"}]}"""),
        (typeof(ReconciliationShape), "reconciliation", """{"enabled":true,"node":"a","as_of":"2026-01-31T12:00:00.000Z","orders_read_at":"2026-01-31T11:59:59.500Z","provider_read_at":"2026-01-31T11:59:59.600Z","matched":120400,"looked_up":12,"unsettled":3,"trouble":null,"open":1,"open_by_kind":{"not_requested":0,"repeated":1,"not_booked":0,"pending":0,"differs":0,"missing":0},"at_risk":[{"amount":1039,"currency":"GBP"}]}"""),
        (typeof(ReconciliationShape), "provider_away", """{"enabled":true,"node":"a","as_of":"2026-01-31T12:00:00.000Z","orders_read_at":"2026-01-31T11:59:59.500Z","provider_read_at":"2026-01-31T11:40:00.000Z","matched":120400,"looked_up":12,"unsettled":900,"trouble":"http_503","open":0,"open_by_kind":{"not_requested":0,"repeated":0,"not_booked":0,"pending":0,"differs":0,"missing":0},"at_risk":[]}"""),
        (typeof(BreakListShape), "breaks", $$"""{"data":[{{Repeated}}],"has_more":true,"next_cursor":"001769860800000-brk_8f14e45fceea167a5a36dedd4bea2543"}"""),
        (typeof(BreakShape), "charged_twice", Repeated),
        (typeof(BreakShape), "closed_break", """{"id":"brk_5d41402abc4b2a76b9719d911017c592","kind":"not_requested","state":"closed","payment_key":"order-17","psp_reference":"pa_7f","operation":"authorize","tenant":null,"order_id":null,"psp_order_id":"order-17","ours":null,"theirs":{"amount":500,"currency":"EUR"},"at_risk":{"amount":500,"currency":"EUR"},"owner":"maria","opened_at":"2026-01-31T12:00:00.000Z","closed_at":"2026-01-31T13:00:00.000Z","closed_by":"ops","reason":"Of the shop before this one; voided there."}"""),
        (typeof(DismissShape), "given_up", """{"reason":"Refunded by hand, case 812."}"""),
        (typeof(DismissalShape), "dismissed", """{"order_id":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C","reason":"Refunded by hand, case 812.","dismissed_by":"maria","dismissed_at":"2026-01-31T12:00:00.000Z"}"""),
        (typeof(BreakChangeShape), "to_maria", """{"state":"open","owner":"maria"}"""),
        (typeof(BreakChangeShape), "mended", """{"state":"closed","reason":"Refunded by hand, case 812.","owner":"maria"}"""),
        (typeof(PausedPspListShape), "paused_psps", """{"data":[{"name":"psp","since":"2026-01-31T12:00:00.000Z","by":"ops","seen":true}]}"""),
        (typeof(PayloadFormatShape), "raised", """{"payload_format":3,"behind":["b"]}"""),
        (typeof(BackupShape), "finished", """{"id":"bak_1","status":"done","started_at":"2026-01-31T12:00:00.000Z","done_bytes":4096,"total_bytes":4096,"name":"20260131T120000Z","taken_at":"2026-01-31T12:00:01.000Z","bytes":4096,"partitions":64,"records":1000,"failure":null}"""),
        (typeof(BackupShape), "failed", """{"id":"bak_2","status":"failed","started_at":"2026-01-31T12:00:00.000Z","done_bytes":1024,"total_bytes":4096,"name":null,"taken_at":null,"bytes":null,"partitions":null,"records":null,"failure":"No space left on device"}"""),
        (typeof(JobShape), "running_job", Job),
        (typeof(JobShape), "job_that_is_done", JobDone),
        (typeof(JobListShape), "jobs", $$"""{"data":[{{Job}}]}"""),
        (typeof(JobResultListShape), "job_results", """{"data":[{"order":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7C","outcome":"changed","code":null},{"order":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7D","outcome":"refused","code":"already_shipped"}],"has_more":true,"next_cursor":"50"}"""),
        (typeof(CallerShape), "caller", """{"tenant":"acme","actor":{"kind":"api_key","name":"till"},"scopes":["orders:read","orders:write"]}"""),
        (typeof(OverviewShape), "a_second", """{"node":"a","unsafe_settings":["unreplicated_store"],"paused_psps":["psp"],"paused_tenants":["acme"],"data":[{"at":"2026-01-31T12:00:00.000Z","placed":120.5,"refused":0.5,"unavailable":0,"confirmed":119,"ended":1.5,"accept_ms":{"p50":2.1,"p95":4.2,"p99":8.4},"settle_ms":{"p50":6.3,"p95":9.1,"p99":15.2},"commit_ms":{"p50":0.4,"p95":0.9,"p99":1.2},"commits":310,"payments":121,"payments_unknown":0,"unfinished":3,"oldest_s":12.5,"inside":2,"waiting":0,"waiting_oldest_s":0,"breaker_open":false,"unserved":0,"lane_waiting":1,"lane_waiting_oldest_s":0.0003,"payments_inside":4,"stages":[{"stage":"next","waiting":2,"oldest_s":0.02},{"stage":"external_id","waiting":0,"oldest_s":0},{"stage":"stock","waiting":0,"oldest_s":0},{"stage":"payment","waiting":1,"oldest_s":12.5}],"accept_budget_left":0.98}]}"""),
        (typeof(AuditorShape), "auditor", """{"node":"a","rows_per_second":200,"sweep":{"started_at":"2026-01-31T12:00:00.000Z","ended_at":null,"partitions":64,"orders":5120,"items":0},"last_sweep":{"started_at":"2026-01-31T11:50:00.000Z","ended_at":"2026-01-31T11:58:20.000Z","partitions":64,"orders":99000,"items":400},"orders":104200,"changed_orders":80,"items":400,"turns_skipped":2,"violations":1,"findings":[{"at":"2026-01-31T11:52:00.000Z","invariant":19,"promise":"the read model is the fold of the journal","subject":"ord_06F6JZ1M9G3XW0H4K2QN8T5R7E","what":"has columns that differ from its document"}]}"""),
        (typeof(TrackedOrderShape), "tracked_order", """{"status":"confirmed","updated_at":"2026-01-31T12:00:00.250Z","steps":[{"step":"received","at":"2026-01-31T12:00:00.000Z"},{"step":"confirmed","at":"2026-01-31T12:00:00.250Z"}]}"""),
        (typeof(HealthShape), "health", """{"status":"ready","refused_checkpoints":[7],"degraded":["redis"]}"""),
    ];

    /// <summary>References to the examples of a shape, which are added to the components when they are not there yet.</summary>
    public static IDictionary<string, IOpenApiExample>? Of(Type shape, Microsoft.OpenApi.OpenApiDocument document) =>
        Of(All.Where(row => row.Shape == shape).Select(row => (row.Name, JsonNode.Parse(row.Json)!)), document);

    /// <summary>The same, each as the only element of an array.</summary>
    public static IDictionary<string, IOpenApiExample>? OfArray(Type shape, Microsoft.OpenApi.OpenApiDocument document) =>
        Of(All.Where(row => row.Shape == shape).Select(row => (row.Name + "s", (JsonNode)new JsonArray(JsonNode.Parse(row.Json)))), document);

    /// <summary>A document of each kind.</summary>
    public static IDictionary<string, IOpenApiExample>? Of(IEnumerable<ProblemKind> kinds, Microsoft.OpenApi.OpenApiDocument document) =>
        Of(kinds.Select(kind => (kind.Code, Of(kind))), document);

    private static JsonNode Of(ProblemKind kind)
    {
        var problem = new JsonObject
        {
            ["type"] = kind.Type, ["title"] = kind.Title, ["status"] = kind.Status, ["detail"] = kind.Title + ".", ["code"] = kind.Code, ["trace_id"] = "0HNPIV5J1KQ0V:00000001",
        };
        if (kind == ProblemKinds.TotalMismatch)
            problem["computed_total"] = 1_039;
        return problem;
    }

    private static Dictionary<string, IOpenApiExample>? Of(IEnumerable<(string Name, JsonNode Value)> examples, Microsoft.OpenApi.OpenApiDocument document)
    {
        var references = new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal);
        foreach (var (name, value) in examples)
        {
            document.AddComponent<IOpenApiExample>(name, new OpenApiExample { Value = value });
            references.Add(name, new OpenApiExampleReference(name, document));
        }

        return references.Count == 0 ? null : references;
    }
}
