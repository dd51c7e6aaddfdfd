using Millrace.Api.Admission;
using Millrace.Api.Alerts;
using Millrace.Api.Audit;
using Millrace.Api.Auditing;
using Millrace.Api.Backups;
using Millrace.Api.Caching;
using Millrace.Api.Documentation;
using Millrace.Api.Events;
using Millrace.Api.Health;
using Millrace.Api.Items;
using Millrace.Api.Jobs;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Operations;
using Millrace.Api.Orders;
using Millrace.Api.Orders.Change;
using Millrace.Api.Orders.Dismissals;
using Millrace.Api.Orders.Place;
using Millrace.Api.Orders.Read;
using Millrace.Api.Overview;
using Millrace.Api.Problems;
using Millrace.Api.Psp;
using Millrace.Api.Reconciliation;
using Millrace.Api.Stock;
using Millrace.Api.Tracking;
using Millrace.Api.Webhooks;

namespace Millrace.Api;

/// <summary>Every address of the API.</summary>
internal static class ApiRoutes
{
    private static readonly (string, string, bool) IfMatch = ("If-Match", "The ETag that the change is made for; another version is refused with 412.", false);
    private static readonly (string, string, bool) Timeout = ("Request-Timeout", "How many seconds the client waits for its answer; nothing is begun for one that has stopped waiting.", false);
    private static readonly (string, string, bool) Prefer = ("Prefer", "wait=N waits up to N (30 at most) seconds for the order to be confirmed or to end.", false);

    private static readonly (string, string, bool) SeenByLists =
        (ConsistencyToken.HeaderName, "As the answer to placing or changing an order gave it; several are separated by commas. The list then shows those orders as they were then, or later; 503 when it cannot yet.", false);

    private static readonly (string, string, bool) IfNoneMatch = ("If-None-Match", "The ETag that the client has: 304 when it is still that.", false);

    private static readonly (string, string, bool) MustBeNew = ("If-None-Match", "*: the change is made only where there is none; else 412. Not together with If-Match.", false);

    // Read from their owner, through the gate.
    private static readonly ProblemKind[] OfAnOrder = [ProblemKinds.OrderNotFound, ProblemKinds.Overloaded];
    private static readonly ProblemKind[] OfAnItem = [ProblemKinds.ItemNotFound, ProblemKinds.Overloaded];

    public static void MapOrders(Routes routes, PlaceEndpoint place, BatchEndpoint batch, ReadOrders read, ListOrders list, ListAttention attention)
    {
        routes.Post("/v1/orders", place.HandleAsync, new("place_order", "Place an order")
        {
            Body = typeof(PlaceOrderShape), Answer = typeof(OrderShape), Scope = Scopes.OrdersWrite, Statuses = [202, 201, 200],
            Details = "202: the order is durable, and goes on. With Prefer: wait=N 201 once it is confirmed, or 200 when it ended otherwise; 202 when neither came in time.",
            AnswerHeaders = ["Location", "ETag", ConsistencyToken.HeaderName, "Preference-Applied"],
            Problems =
            [
                ProblemKinds.AlreadyPlaced, ProblemKinds.TotalMismatch, ProblemKinds.InvalidOrder, ProblemKinds.UnknownSku, ProblemKinds.CurrencyMismatch,
                ProblemKinds.CardNumberRefused, ProblemKinds.KeyReused, ProblemKinds.TenantPaused, ProblemKinds.Overloaded, ProblemKinds.Backlog,
            ],
        }, Prefer, Timeout);
        routes.Map("POST", "/v1/orders:batch", batch.HandleAsync, new("place_orders", "Place up to 1,000 orders")
        {
            Body = typeof(BatchRowShape), TakesLines = true, Answer = typeof(BatchShape), Scope = Scopes.OrdersWrite,
            Details = "Each row has its own key and its own outcome, an order or a problem. NDJSON: one row a line.",
        });
        routes.Map("GET", "/v1/orders", list.HandleAsync, new("list_orders", "List orders, newest first")
        {
            Answer = typeof(OrderListShape), Scope = Scopes.OrdersRead,
            Query =
            [
                ("status", "pending, confirmed, completed, rejected, expired or canceled."), ("customer", "The customer's id."),
                ("external_id", "The merchant's own number."), ("idempotency_key", "The key that the order was placed with; shown within a second. Whether it was placed, a repeat of the request tells for certain."),
                ("sku", "An item in the order."), ("created_after", "RFC 3339, inclusive."),
                ("attention", "true: only orders that wait for a person, and are not dismissed. false: all, as without it."),
                ("attention_code", "Only orders that wait for a person for this reason, and are not dismissed."), ("dismissed", "With attention=true or attention_code: those that are dismissed instead."), ("limit", "1 to 200; 50 without."),
                ("cursor", "next_cursor of the page before."),
            ],
            Headers = [SeenByLists], AnswerHeaders = ["Link"], Problems = [ProblemKinds.InvalidCursor, ProblemKinds.ListBehind, ProblemKinds.Overloaded],
        });
        routes.Map("GET", "/v1/orders/attention", attention.HandleAsync, new("list_attention", "For which reasons orders wait for a person, and how many")
        {
            Answer = typeof(AttentionListShape), Scope = Scopes.OrdersRead,
            Details = "As the database has them, a second or two late. Dismissed orders are counted too: they still wait.",
        });
        routes.Map("GET", "/v1/orders/{id}", read.GetAsync, new("get_order", "Get an order")
        {
            Answer = typeof(OrderShape), Scope = Scopes.OrdersRead, Statuses = [200, 304],
            Query = [("as_of", "RFC 3339: the order as it was then."), ("version", "The order as it was after so many of its events; not together with as_of.")],
            Headers = [IfNoneMatch], AnswerHeaders = ["ETag"], Problems = OfAnOrder,
        });
        routes.Map("GET", "/v1/orders/{id}/events", read.EventsAsync, new("list_order_events", "An order's timeline")
        {
            Answer = typeof(EventListShape), Scope = Scopes.OrdersRead, Statuses = [200, 304], Headers = [IfNoneMatch], AnswerHeaders = ["ETag"], Problems = OfAnOrder,
        });
        routes.Map("GET", "/v1/orders/{id}/ledger", read.LedgerAsync, new("get_order_ledger", "An order's money in double entry")
        {
            Answer = typeof(LedgerShape), Scope = Scopes.OrdersRead, Statuses = [200, 304], Headers = [IfNoneMatch], AnswerHeaders = ["ETag"], Problems = OfAnOrder,
        });
    }

    public static void MapChanges(Routes routes, ChangeOrders change)
    {
        Change("cancel", "cancel", ChangeBodies.Cancel, typeof(ReasonShape),
            new("cancel_order", "Cancel an order, undoing what was done") { Problems = [ProblemKinds.NotCancelable, ProblemKinds.AlreadyShipped, ProblemKinds.CardNumberRefused] });
        Change("holds", "hold", ChangeBodies.Hold, typeof(PlaceHoldShape),
            new("place_hold", "Hold an order") { Problems = [ProblemKinds.NotHoldable, ProblemKinds.TooManyHolds, ProblemKinds.CardNumberRefused] });
        Change("holds/{hold}/release", "release", ChangeBodies.Release, typeof(EmptyShape),
            new("release_hold", "Release a hold") { Problems = [ProblemKinds.HoldNotFound] });
        Change("ship", "ship", ChangeBodies.Ship, typeof(ShipShape),
            new("ship_order", "Say that the parcel has left") { Problems = [ProblemKinds.NotShippable, ProblemKinds.AlreadyShipped] });
        Change("deliver", "deliver", ChangeBodies.Deliver, typeof(EmptyShape),
            new("deliver_order", "Say that the parcel has arrived") { Problems = [ProblemKinds.NotDeliverable] });
        Change("refunds", "refund", ChangeBodies.Refund, typeof(RefundShape), new("refund_order", "Give money back, all that is left or an amount")
        {
            Scope = Scopes.OrdersRefund, Statuses = [202],
            Problems = [ProblemKinds.PaymentInFlight, ProblemKinds.RefundTooLarge, ProblemKinds.CardNumberRefused],
        });
        Change("resume", "resume", ChangeBodies.Resume, typeof(ReasonShape), new("resume_order", "Go on with a parked order")
        {
            Scope = Scopes.OpsWrite, Problems = [ProblemKinds.NotParked, ProblemKinds.CardNumberRefused],
        });

        void Change(string path, string name, ChangeBody parse, Type body, EndpointDocument doc) =>
            routes.Post("/v1/orders/{id}/" + path, change.Handle(name, parse, doc.Statuses[0]), doc with
            {
                Scope = doc.Scope == Scopes.None ? Scopes.OrdersWrite : doc.Scope,
                Body = body, IsBodyOptional = body != typeof(PlaceHoldShape), Answer = typeof(OrderShape), AnswerHeaders = ["ETag", ConsistencyToken.HeaderName],
                Problems = [.. doc.Problems, .. OfAnOrder, ProblemKinds.KeyReused],
            }, IfMatch, Timeout);
    }

    public static void MapDismissals(Routes routes, DismissalEndpoints dismissals)
    {
        const string Path = "/v1/orders/{id}/dismissal";
        routes.Map("GET", Path, dismissals.GetAsync, new("get_dismissal", "Why a parked order is out of sight")
        {
            Answer = typeof(DismissalShape), Scope = Scopes.OrdersRead, Problems = [.. OfAnOrder, ProblemKinds.DismissalNotFound],
        });
        // Says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("PUT", Path, dismissals.PutAsync, new("put_dismissal", "Put a parked order out of sight")
        {
            Body = typeof(DismissShape), Answer = typeof(DismissalShape), Scope = Scopes.OpsWrite,
            Details = "The order stays parked, and nothing else of it changes: lists with attention=true leave it out. It is back as soon as anything happens to it.",
            Problems = [.. OfAnOrder, ProblemKinds.NotParked, ProblemKinds.CardNumberRefused],
        });
        routes.Map("DELETE", Path, dismissals.DeleteAsync, new("delete_dismissal", "Bring a dismissed order back into sight")
        {
            Scope = Scopes.OpsWrite, Statuses = [204], Problems = OfAnOrder,
        });
    }

    public static void MapStock(Routes routes, ItemEndpoints items, ListItems list, DemandEndpoint demand, AdjustEndpoint adjust)
    {
        routes.Map("GET", "/v1/items", list.HandleAsync, new("list_items", "The catalog with its stock, by SKU")
        {
            Tag = "items", Answer = typeof(ItemListShape), Scope = Scopes.StockRead,
            Query = [("prefix", "What the SKUs begin with."), ("limit", "1 to 200; 50 without."), ("cursor", "next_cursor of the page before.")],
            AnswerHeaders = ["Link"], Problems = [ProblemKinds.InvalidCursor],
        });
        routes.Map("PUT", "/v1/items/{sku}", items.PutAsync, new("put_item", "Make or change a catalog item")
        {
            Tag = "items", Body = typeof(PutItemShape), Answer = typeof(ItemShape), Scope = Scopes.StockWrite, Statuses = [200, 201],
            Details = "The ETag is of the item with its stock: each sale makes another. With If-Match the change is refused when anything was sold since, too.",
            Headers = [IfMatch, MustBeNew], AnswerHeaders = ["ETag"], Problems = [.. OfAnItem, ProblemKinds.BelowPromised, ProblemKinds.OutOfRange],
        });
        routes.Map("GET", "/v1/items/{sku}", items.GetAsync, new("get_item", "Get an item with its stock")
        {
            Tag = "items", Answer = typeof(ItemShape), Scope = Scopes.StockRead, Statuses = [200, 304],
            Headers = [IfNoneMatch], AnswerHeaders = ["ETag"], Problems = OfAnItem,
        });
        routes.Map("GET", "/v1/items/{sku}/availability", items.AvailabilityAsync, new("get_availability", "What can be sold of an item")
        {
            Tag = "items", Answer = typeof(AvailabilityShape), Scope = Scopes.StockRead, Problems = OfAnItem,
        });
        routes.Map("GET", "/v1/stock/demand", demand.HandleAsync, new("get_demand", "The items that the orders of the last minutes ask for most, at the asked node")
        {
            Tag = "stock", Answer = typeof(DemandShape), Scope = Scopes.StockRead, Query = [("limit", "1 to 200; 50 without.")],
            Details = "Of the orders taken since `since`: the last five to ten minutes, or since the node was started. The tenant's 200 most wanted items are counted one by one; where more are wanted, each count is between two limits. A node that takes half of the orders knows half of them.",
            Problems = [ProblemKinds.Unavailable],
        });
        routes.Post("/v1/stock/adjustments", adjust.HandleAsync, new("adjust_stock", "Add or remove units on hand")
        {
            Tag = "stock", Body = typeof(AdjustStockShape), Answer = typeof(ItemShape), Scope = Scopes.StockWrite, AnswerHeaders = ["ETag"],
            Details = "An Idempotency-Key holds for its item: with another SKU it is another intent. A repeat is answered with the item as it is by then.",
            Problems =
            [
                .. OfAnItem, ProblemKinds.UnknownSku, ProblemKinds.BelowPromised, ProblemKinds.TooManyLocations, ProblemKinds.OutOfRange,
                ProblemKinds.CardNumberRefused, ProblemKinds.KeyReused,
            ],
        });
    }

    public static void MapEvents(Routes routes, ListEvents list, StreamEvents stream)
    {
        (string, string)[] query =
        [
            ("after", "next_cursor of the page before, or now for what happens from now on."),
            ("type", "Only events of these types, separated by commas, such as order.confirmed.v1."),
            ("share", "Only a part, such as 2/4, the second of four: each order's events are in one of them."),
        ];
        ProblemKind[] problems = [ProblemKinds.InvalidCursor, ProblemKinds.EventsGone];
        routes.Map("GET", "/v1/events", list.HandleAsync, new("list_events", "What happened to the tenant's orders")
        {
            Tag = "events", Answer = typeof(CloudEventListShape), Scope = Scopes.EventsRead, Query = [.. query, ("limit", "1 to 200; 50 without.")],
            Details = "CloudEvents. An order's events come in its order, without a gap; those of different orders in any. From the oldest that is kept without after. "
                + "A page may be empty and have more behind it; next_cursor goes on from every page, also the last.",
            AnswerHeaders = ["Link"], Problems = problems,
        });
        routes.Map("GET", "/v1/events/stream", stream.HandleAsync, new("stream_events", "What happens to the tenant's orders, as it happens")
        {
            Tag = "events", StreamOf = typeof(CloudEventShape), Scope = Scopes.EventsRead, Query = query,
            Details = "Server-sent events, each a CloudEvent. From now on without after. A stream ends after ten minutes, or with its node or key; who comes again with Last-Event-ID "
                + "misses nothing, and may be told some events twice: they have the same id.",
            Headers = [("Last-Event-ID", "The id that came last.", false)], Problems = [.. problems, ProblemKinds.Overloaded],
        });
    }

    public static void MapWebhooks(Routes routes, WebhookSettings settings, WebhookDeliveries deliveries)
    {
        const string tag = "webhooks";
        routes.Post("/v1/webhooks", settings.CreateAsync, new("create_webhook", "Be told of events; the secret is in this answer and nowhere else")
        {
            Tag = tag, Body = typeof(WebhookSettingsShape), Answer = typeof(WebhookShape), Scope = Scopes.WebhooksWrite, Statuses = [201, 200],
            Details = "Of what happens from now on. How events come and how a receiver knows that they are ours: docs/webhooks.md. 200 for a repeat, without the secret.",
            Problems = [ProblemKinds.TooManyWebhooks, ProblemKinds.CardNumberRefused, ProblemKinds.KeyReused],
        });
        routes.Map("GET", "/v1/webhooks", settings.ListAsync, new("list_webhooks", "The tenant's webhook endpoints, and how far they are")
        {
            Tag = tag, Answer = typeof(WebhookListShape), Scope = Scopes.EventsRead,
        });
        routes.Map("GET", "/v1/webhooks/{webhook}", settings.GetAsync, new("get_webhook", "A webhook endpoint, and how far it is")
        {
            Tag = tag, Answer = typeof(WebhookShape), Scope = Scopes.EventsRead, Problems = [ProblemKinds.WebhookNotFound],
        });
        // Each says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("PUT", "/v1/webhooks/{webhook}", settings.PutAsync, new("put_webhook", "Change a webhook endpoint, whole; one that was stopped goes on")
        {
            Tag = tag, Body = typeof(WebhookSettingsShape), Answer = typeof(WebhookShape), Scope = Scopes.WebhooksWrite,
            Problems = [ProblemKinds.WebhookNotFound, ProblemKinds.TooManyWebhooks, ProblemKinds.CardNumberRefused],
        });
        routes.Map("DELETE", "/v1/webhooks/{webhook}", settings.DeleteAsync, new("delete_webhook", "Be told of nothing more there; what waits or failed is forgotten")
        {
            Tag = tag, Scope = Scopes.WebhooksWrite, Statuses = [204], Problems = [ProblemKinds.WebhookNotFound],
        });
        routes.Post("/v1/webhooks/{webhook}/rotate", settings.RotateAsync, new("rotate_webhook_secret", "Sign with a new secret, and for a while with the one before too")
        {
            Tag = tag, Body = typeof(WebhookRotationShape), IsBodyOptional = true, Answer = typeof(WebhookShape), Scope = Scopes.WebhooksWrite, Statuses = [201, 200],
            Details = "200 for a repeat, without the secret.", Problems = [ProblemKinds.WebhookNotFound, ProblemKinds.TooManyWebhooks, ProblemKinds.KeyReused],
        });
        routes.Post("/v1/webhooks/{webhook}/test", deliveries.TestAsync, new("test_webhook", "Send a ping, and tell what was answered")
        {
            Tag = tag, Body = typeof(EmptyShape), IsBodyOptional = true, Answer = typeof(WebhookTestShape), Scope = Scopes.OpsWrite, Problems = [ProblemKinds.WebhookNotFound],
            Details = "A CloudEvent of the type webhook.test.v1, signed as all are, also when the endpoint is disabled or stopped. Answered within 15 seconds.",
        });
        routes.Map("GET", "/v1/webhooks/{webhook}/deliveries", deliveries.ListAsync, new("list_deliveries", "What was tried last, newest first; or what waits, or has failed")
        {
            Tag = tag, Answer = typeof(AttemptListShape), Scope = Scopes.EventsRead, Problems = [ProblemKinds.WebhookNotFound],
            Details = "The last 150 attempts are kept. Every event that waits or has failed for good is: outcome=waiting and outcome=failed list them, by their ids. A page of these looks at 200, so it may be empty and have more behind it.",
            Query = [("outcome", "Only these."), ("cursor", "next_cursor of the page before.")],
        });
        routes.Post("/v1/webhooks/{webhook}/replay", deliveries.ReplayAsync, new("replay_webhook", "Send events again: one, those of a time, or all that failed")
        {
            Tag = tag, Body = typeof(NewReplayShape), Answer = typeof(ReplayShape), Scope = Scopes.OpsWrite, Statuses = [202],
            Details = "Replays are made one after another, beside what happens meanwhile, as far back as the journal reaches. A replayed event has the id that it had.",
            Problems = [ProblemKinds.WebhookNotFound, ProblemKinds.TooManyWebhooks, ProblemKinds.TooManyReplays, ProblemKinds.KeyReused],
        });
    }

    public static void MapCluster(Routes routes, ClusterEndpoints cluster)
    {
        routes.Map("GET", "/v1/cluster/nodes", cluster.NodesAsync, new("list_nodes", "The nodes of the cluster")
        {
            Tag = "cluster", Answer = typeof(NodeListShape), Scope = Scopes.SystemOperate,
        });
        routes.Map("GET", "/v1/cluster/partitions", cluster.PartitionsAsync, new("list_partitions", "Who owns which partition")
        {
            Tag = "cluster", Answer = typeof(PartitionListShape), Scope = Scopes.SystemOperate,
        });
        // Each says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("PUT", "/v1/cluster/nodes/{name}/drained", cluster.DrainAsync, new("drain_node", "Take the partitions from a node")
        {
            Tag = "cluster", Answer = typeof(NodeListShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NodeNotFound, ProblemKinds.NoCluster, ProblemKinds.LastNode],
        });
        routes.Map("DELETE", "/v1/cluster/nodes/{name}/drained", cluster.UndrainAsync, new("undrain_node", "Let a node own partitions again")
        {
            Tag = "cluster", Answer = typeof(NodeListShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NodeNotFound, ProblemKinds.NoCluster],
        });
        routes.Map("PUT", "/v1/cluster/payload-format", cluster.RaiseFormatAsync, new("raise_payload_format", "Write the newest payload format that all nodes can read")
        {
            Tag = "cluster", Answer = typeof(PayloadFormatShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NoCluster],
        });
    }

    public static void MapKeys(Routes routes, KeyEndpoints keys, AuditEndpoint audit)
    {
        routes.Post("/v1/api-keys", keys.CreateAsync, new("create_api_key", "Make an API key; its text is in this answer and nowhere else")
        {
            Tag = "api keys", Body = typeof(NewApiKeyShape), Answer = typeof(ApiKeyShape), Scope = Scopes.Admin, Statuses = [201, 200],
            Details = "200 for a repeat, without the text: it is kept nowhere.", Problems = [ProblemKinds.TooManyKeys, ProblemKinds.KeyReused],
        });
        routes.Map("GET", "/v1/api-keys", keys.ListAsync, new("list_api_keys", "The tenant's API keys, never their text")
        {
            Tag = "api keys", Answer = typeof(ApiKeyListShape), Scope = Scopes.Admin,
        });
        routes.Post("/v1/api-keys/{key}/rotate", keys.RotateAsync, new("rotate_api_key", "Make a key that can do what another can, and let that one end")
        {
            Tag = "api keys", Body = typeof(RotationShape), IsBodyOptional = true, Answer = typeof(ApiKeyShape), Scope = Scopes.Admin, Statuses = [201, 200],
            Details = "200 for a repeat, without the text: it is kept nowhere.", Problems = [ProblemKinds.KeyNotFound, ProblemKinds.TooManyKeys, ProblemKinds.KeyReused],
        });
        // Says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("DELETE", "/v1/api-keys/{key}", keys.RevokeAsync, new("revoke_api_key", "Withdraw an API key; all nodes refuse it within a second")
        {
            Tag = "api keys", Scope = Scopes.Admin, Statuses = [204], Problems = [ProblemKinds.KeyNotFound],
        });
        routes.Map("GET", "/v1/audit", audit.HandleAsync, new("list_audit", "What was done to the tenant's keys, oldest first; with system:operate, to the installation too")
        {
            Tag = "audit", Answer = typeof(AuditListShape), Scope = Scopes.Admin,
            Query = [("after", "The last entry seen, next_cursor of the page before; none for the first page."), ("limit", "1 to 200; 50 without.")],
        });
    }

    public static void MapOverview(Routes routes, OverviewEndpoints overview)
    {
        routes.Map("GET", "/v1/caller", CallerEndpoint.HandleAsync, new("get_caller", "Whose key or token this is, and what it may do")
        {
            Tag = "api keys", Answer = typeof(CallerShape),
        });
        routes.Map("GET", "/v1/overview", overview.GetAsync, new("get_overview", "The asked node, second by second")
        {
            Tag = "operations", Answer = typeof(OverviewShape), Scope = Scopes.SystemOperate,
            Query = [("seconds", "How far back: 1 to 3600; 60 without."), ("step", "Seconds in each point: 1 to 60; 1 without. 300 points come at most.")],
        });
    }

    public static void MapAlerts(Routes routes, AlertEndpoint alerts) => routes.Map("GET", "/v1/alerts", alerts.GetAsync, new("list_alerts", "What the monitoring of the installation says is wrong")
    {
        Tag = "operations", Answer = typeof(AlertListShape), Scope = Scopes.SystemOperate,
        Details = "From the Prometheus that the server was told of, at most five seconds old. Without one there are no rules, and that there are no alerts means nothing.",
    });

    public static void MapReconciliation(Routes routes, ReconciliationEndpoints reconciliation)
    {
        routes.Map("GET", "/v1/reconciliation", reconciliation.GetAsync, new("get_reconciliation", "Whether what orders have booked is what the payment provider did")
        {
            Tag = "reconciliation", Answer = typeof(ReconciliationShape), Scope = Scopes.SystemOperate,
            Details = "Of the whole store, whichever node is asked: one of them compares, and tells of it every ten seconds.",
        });
        routes.Map("GET", "/v1/reconciliation/breaks", reconciliation.ListAsync, new("list_breaks", "Differences between orders and the payment provider, the last found first")
        {
            Tag = "reconciliation", Answer = typeof(BreakListShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.InvalidCursor],
            Query = [("state", "open, closed (by a person, or settled) or all; open without."), ("order", "Only those of this order, or that the provider says are of it."), ("cursor", "next_cursor of the page before."), ("limit", "1 to 200; 50 without.")],
        });
        routes.Map("GET", "/v1/reconciliation/breaks/{break}", reconciliation.FindAsync, new("get_break", "A difference between an order and the payment provider")
        {
            Tag = "reconciliation", Answer = typeof(BreakShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.BreakNotFound],
        });
        // Says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("PUT", "/v1/reconciliation/breaks/{break}", reconciliation.PutAsync, new("put_break", "Say who sees to a break, close it, or open it again")
        {
            Tag = "reconciliation", Body = typeof(BreakChangeShape), Answer = typeof(BreakShape), Scope = Scopes.SystemOperate,
            Details = "No money is moved by it: what a person has mended is closed with the reason. A break ends by itself when both sides agree.",
            Problems = [ProblemKinds.BreakNotFound, ProblemKinds.Conflict, ProblemKinds.BreakPending, ProblemKinds.BreakSettled, ProblemKinds.CardNumberRefused],
        });
    }

    public static void MapAuditor(Routes routes, AuditorEndpoint auditor) =>
        routes.Map("GET", "/v1/auditor", auditor.GetAsync, new("get_auditor", "What the asked node checks while it serves, and what it found")
        {
            Tag = "operations", Answer = typeof(AuditorShape), Scope = Scopes.SystemOperate,
            Details = "Of this node since its start: each node checks the orders and items of its own partitions. docs/guarantees.md tells what.",
        });

    public static void MapLimits(Routes routes, LimitEndpoints limits)
    {
        routes.Map("GET", "/v1/tenants", limits.ListAsync, new("list_tenants", "What tenants use of their limits, at the asked node since it started")
        {
            Tag = "limits", Answer = typeof(TenantListShape), Scope = Scopes.SystemOperate,
            Details = "Those that are nearest to their limits first, 200 at most. Without Redis each node gives its even share, and tells what is left of that.",
        });
        routes.Map("GET", "/v1/tenants/{tenant}/limits", limits.GetAsync, new("get_limits", "How much a tenant may ask for")
        {
            Tag = "limits", Answer = typeof(LimitsShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NotFound],
        });
        // Says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("PUT", "/v1/tenants/{tenant}/limits", limits.PutAsync, new("put_limits", "Set how much a tenant may ask for; all nodes follow within a second")
        {
            Tag = "limits", Body = typeof(LimitsShape), Answer = typeof(LimitsShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NotFound],
        });
    }

    public static void MapTenantPauses(Routes routes, PauseEndpoints pauses)
    {
        routes.Map("GET", "/v1/tenants/paused", pauses.ListAsync, new("list_paused_tenants", "Merchants of whom no new order is taken")
        {
            Tag = "limits", Answer = typeof(PausedTenantListShape), Scope = Scopes.SystemOperate,
        });
        // Each says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("PUT", "/v1/tenants/{tenant}/paused", pauses.PauseAsync, new("pause_tenant", "Take no new order of a merchant until he is resumed; all nodes follow within a second")
        {
            Tag = "limits", Answer = typeof(PausedTenantListShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NotFound],
            Details = "New orders are refused with tenant_paused; a repeat of an order that was taken is answered as ever. Everything else goes on: what was taken, reading, changing, stock.",
        });
        routes.Map("DELETE", "/v1/tenants/{tenant}/paused", pauses.ResumeAsync, new("resume_tenant", "Take orders of a paused merchant again")
        {
            Tag = "limits", Answer = typeof(PausedTenantListShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NotFound],
        });
    }

    public static void MapCaches(Routes routes, CacheEndpoints caches)
    {
        routes.Map("GET", "/v1/caches", caches.GetAsync, new("get_caches", "How often the caches of the asked node had the answer, since it started")
        {
            Tag = "operations", Answer = typeof(CachesShape), Scope = Scopes.SystemOperate,
        });
        // All of it, whenever: a repeat does no harm and needs no key.
        routes.Map("DELETE", "/v1/caches/public", caches.PurgeAsync, new("purge_public_caches", "Have the shared caches drop every public answer")
        {
            Tag = "operations", Answer = typeof(CachesShape), Scope = Scopes.SystemOperate, Statuses = [200, 202],
            Details = "200 where there is none. Those that the server was told of with --purge-url; they are told until they have taken it. What the nodes keep themselves is a second old at most.",
        });
    }

    public static void MapOperations(Routes routes, BackupEndpoints backups)
    {
        routes.Post("/v1/backups", backups.StartAsync, new("start_backup", "Back the store up into the folder that the server was started with")
        {
            Tag = "operations", Body = typeof(EmptyShape), IsBodyOptional = true, Answer = typeof(BackupShape), Scope = Scopes.SystemOperate, Statuses = [202],
            AnswerHeaders = ["Location"], Problems = [ProblemKinds.BackupsNotConfigured, ProblemKinds.BackupRunning],
        });
        routes.Map("GET", "/v1/backups/{backup}", backups.GetAsync, new("get_backup", "How far a backup is, and what it holds")
        {
            Tag = "operations", Answer = typeof(BackupShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.BackupNotFound],
        });
    }

    public static void MapJobs(Routes routes, StartJob start, JobEndpoints read, ControlJob control)
    {
        routes.Post("/v1/jobs", start.HandleAsync, new("start_job", "Do something with every order that matches a query")
        {
            Tag = "jobs", Body = typeof(NewJobShape), Answer = typeof(JobShape), Scope = Scopes.OpsWrite, Statuses = [202], AnswerHeaders = ["Location"],
            Details = "What the action needs is needed too: orders:write to cancel, hold and release. It goes through the list of orders as GET /v1/orders shows it, the newest first, each order once, not faster than its rate; and goes on after a restart.",
            Problems = [ProblemKinds.TooManyJobs, ProblemKinds.CardNumberRefused, ProblemKinds.KeyReused],
        });
        routes.Map("GET", "/v1/jobs", read.ListAsync, new("list_jobs", "The tenant's jobs, newest first: those that are open, and the last hundred")
        {
            Tag = "jobs", Answer = typeof(JobListShape), Scope = Scopes.OrdersRead,
        });
        routes.Map("GET", "/v1/jobs/{job}", read.GetAsync, new("get_job", "How far a job is")
        {
            Tag = "jobs", Answer = typeof(JobShape), Scope = Scopes.OrdersRead, Problems = [ProblemKinds.JobNotFound],
        });
        routes.Map("GET", "/v1/jobs/{job}/results", read.ResultsAsync, new("list_job_results", "What became of each order of a job, in the order in which they were taken")
        {
            Tag = "jobs", Answer = typeof(JobResultListShape), Scope = Scopes.OrdersRead, Problems = [ProblemKinds.JobNotFound, ProblemKinds.InvalidCursor],
            Query = [("cursor", "next_cursor of the page before."), ("limit", "1 to 200; 50 without.")],
        });
        Control("pause", control.Pause, "Let a job rest after the orders that it is at");
        Control("resume", control.Resume, "Let a job go on that is paused, or that failed");
        Control("cancel", control.Cancel, "End a job; what it has done stays done");

        void Control(string verb, Authorized handle, string summary) => routes.Post($"/v1/jobs/{{job}}/{verb}", handle, new(verb + "_job", summary)
        {
            Tag = "jobs", Body = typeof(EmptyShape), IsBodyOptional = true, Answer = typeof(JobShape), Scope = Scopes.OpsWrite,
            Details = verb == "resume" ? "Needs what its action needs for one order as well: orders:write, but for retry. One that failed is one more of the four that may be open." : null,
            Problems = [ProblemKinds.JobNotFound, ProblemKinds.JobEnded, .. verb == "resume" ? [ProblemKinds.TooManyJobs] : (ProblemKind[])[]],
        });
    }

    // Each says what shall be, so a repeat changes nothing and needs no key.
    public static void MapProviders(Routes routes, ProviderEndpoints providers)
    {
        routes.Map("GET", "/v1/psps/paused", providers.ListAsync, new("list_paused_psps", "Payment providers that are paused")
        {
            Tag = "operations", Answer = typeof(PausedPspListShape), Scope = Scopes.SystemOperate,
        });
        routes.Map("PUT", "/v1/psps/{name}/paused", providers.PauseAsync, new("pause_psp", "Ask a payment provider for nothing more until it is resumed")
        {
            Tag = "operations", Answer = typeof(PausedPspListShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NotFound],
            Details = "All nodes follow within two seconds. Payments wait, with no attempt counted; calls that are under way are brought to an end. docs/operating tells more.",
        });
        routes.Map("DELETE", "/v1/psps/{name}/paused", providers.ResumeAsync, new("resume_psp", "Ask a paused payment provider again, for all that has waited")
        {
            Tag = "operations", Answer = typeof(PausedPspListShape), Scope = Scopes.SystemOperate, Problems = [ProblemKinds.NotFound],
        });
    }

    public static void MapTracking(Routes routes, TrackEndpoint track) =>
        routes.MapOpen("GET", TrackEndpoint.Route, track.HandleAsync, new("track_order", "How far an order is, for whoever has its link")
        {
            Details = "Without a key, and without anything that was written into the order. A page where HTML is preferred. Caches may keep it: docs/caching.md.",
            Tag = "tracking", Answer = typeof(TrackedOrderShape), IsAlsoPage = true, Statuses = [200, 304], Headers = [IfNoneMatch], AnswerHeaders = ["ETag"],
            Problems = [ProblemKinds.OrderNotFound, ProblemKinds.Overloaded, ProblemKinds.Unavailable],
        });

    public static void MapOpen(Routes routes, HealthEndpoints health, PspWebhookEndpoint? psp)
    {
        Probe("livez", HealthEndpoints.LiveAsync, "The process answers", "Nothing else is asked: a store that is away is no reason to kill the process.");
        Probe("readyz", health.ReadyAsync, "All partitions serve", "Those whose checkpoints the database refuses serve, and are named.", ProblemKinds.Unavailable);
        Probe("startupz", health.StartedAsync, "All partitions have served once", "Once true it stays so.", ProblemKinds.Unavailable);
        if (psp is not null)
        {
            routes.MapOpen("POST", "/v1/psp/{name}/webhooks", psp.HandleAsync, new("psp_webhook", "A payment service provider tells us something")
            {
                Details = "Signed, not with a key. Anything but a success makes the provider send it again later; what comes twice changes nothing.",
                Tag = "psp", Body = typeof(PspEventShape), Statuses = [204], Headers = [("Psp-Signature", "The provider's signature; without a good one the event is refused.", false)],
                Problems =
                [
                    ProblemKinds.BadRequest, ProblemKinds.SignatureRefused, ProblemKinds.NotFound, ProblemKinds.OrderNotFound, ProblemKinds.RequestTimeout,
                    ProblemKinds.UnknownPayment, ProblemKinds.BodyTooLarge, ProblemKinds.Unavailable,
                ],
            });
        }

        void Probe(string name, RequestDelegate handle, string summary, string details, params ProblemKind[] problems) => routes.MapOpen(
            "GET", "/" + name, handle, new(name, summary) { Tag = "health", Details = details, Answer = typeof(HealthShape), Problems = problems });
    }

    public static void MapBench(Routes routes, PlaceEndpoint place, AdmittedNoop admitted, MeasuringSwitch? measuring)
    {
        routes.MapOpen("POST", "/v1/_noop", place.HandleNoopAsync, new("noop", "Parse an order and do nothing: for benchmarks")
        {
            Tag = "bench", Body = typeof(PlaceOrderShape), Statuses = [202],
        });
        routes.Map("POST", "/v1/_noop/admitted", admitted.HandleAsync, new("admitted_noop", "The same for a caller who is known, within his limits, and let in")
        {
            Tag = "bench", Body = typeof(PlaceOrderShape), Statuses = [202], Scope = Scopes.OrdersWrite,
        });
        if (measuring is null)
            return;
        routes.Map("GET", "/v1/_noop/measuring", measuring.ReadAsync, new("read_measuring", "What the process has done and used until now")
        {
            Tag = "bench", Statuses = [200], Scope = Scopes.SystemOperate,
        });
        routes.Map("POST", "/v1/_noop/measuring/off", measuring.TurnOffAsync, new("stop_measuring", "Nothing is measured from now on")
        {
            Tag = "bench", Statuses = [200], Scope = Scopes.SystemOperate,
        });
        routes.Map("POST", "/v1/_noop/measuring/on", measuring.TurnOnAsync, new("start_measuring", "All that a node measures is, from now on")
        {
            Tag = "bench", Statuses = [200], Scope = Scopes.SystemOperate,
        });
    }
}
