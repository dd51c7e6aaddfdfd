using Millrace.Api.Audit;
using Millrace.Api.Backups;
using Millrace.Api.Documentation;
using Millrace.Api.Health;
using Millrace.Api.Items;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Operations;
using Millrace.Api.Orders;
using Millrace.Api.Orders.Change;
using Millrace.Api.Orders.Place;
using Millrace.Api.Orders.Read;
using Millrace.Api.Psp;
using Millrace.Api.Stock;

namespace Millrace.Api;

/// <summary>Every address of the API.</summary>
internal static class ApiRoutes
{
    private static readonly (string, string, bool) IfMatch = ("If-Match", "The ETag that the change is made for; another version is refused with 412.", false);
    private static readonly (string, string, bool) Timeout = ("Request-Timeout", "How many seconds the client waits for its answer; nothing is begun for one that has stopped waiting.", false);
    private static readonly (string, string, bool) Prefer = ("Prefer", "wait=N waits up to N (30 at most) seconds for the order to be confirmed or to end.", false);

    private static readonly (string, string, bool) SeenByLists =
        (ConsistencyToken.HeaderName, "As the answer to placing or changing an order gave it; several are separated by commas. The list then shows those orders as they were then, or later; 503 when it cannot yet.", false);

    public static void MapOrders(Routes routes, PlaceEndpoint place, BatchEndpoint batch, ReadOrders read, ListOrders list)
    {
        routes.Post("/v1/orders", place.HandleAsync, new("place_order", "Place an order")
        {
            Body = typeof(PlaceOrderShape), Answer = typeof(OrderShape), Scope = Scopes.OrdersWrite, Statuses = [202, 201, 200],
        }, Prefer, Timeout);
        routes.Map("POST", "/v1/orders:batch", batch.HandleAsync, new("place_orders", "Place up to 1,000 orders")
        {
            Body = typeof(BatchRowShape), TakesLines = true, Answer = typeof(BatchShape), Scope = Scopes.OrdersWrite,
        });
        routes.Map("GET", "/v1/orders", list.HandleAsync, new("list_orders", "List orders, newest first")
        {
            Answer = typeof(OrderListShape), Scope = Scopes.OrdersRead,
            Query =
            [
                ("status", "pending, confirmed, completed, rejected, expired or canceled."), ("customer", "The customer's id."),
                ("external_id", "The merchant's own number."), ("sku", "An item in the order."), ("created_after", "RFC 3339, inclusive."),
                ("attention", "true: only orders that wait for a person."), ("limit", "1 to 200; 50 without."),
                ("cursor", "next_cursor of the page before."),
            ],
            Headers = [SeenByLists],
        });
        routes.Map("GET", "/v1/orders/{id}", read.GetAsync, new("get_order", "Get an order")
        {
            Answer = typeof(OrderShape), Scope = Scopes.OrdersRead, Statuses = [200, 304],
            Query = [("as_of", "RFC 3339: the order as it was then.")],
            Headers = [("If-None-Match", "The ETag that the client has.", false)],
        });
        routes.Map("GET", "/v1/orders/{id}/events", read.EventsAsync,
            new("list_order_events", "An order's timeline") { Answer = typeof(EventListShape), Scope = Scopes.OrdersRead });
        routes.Map("GET", "/v1/orders/{id}/ledger", read.LedgerAsync,
            new("get_order_ledger", "An order's money in double entry") { Answer = typeof(LedgerShape), Scope = Scopes.OrdersRead });
    }

    public static void MapChanges(Routes routes, ChangeOrders change)
    {
        Change("cancel", "cancel", ChangeBodies.Cancel, Scopes.OrdersWrite, typeof(ReasonShape), "cancel_order", "Cancel an order, undoing what was done");
        Change("holds", "hold", ChangeBodies.Hold, Scopes.OrdersWrite, typeof(PlaceHoldShape), "place_hold", "Hold an order");
        Change("holds/{hold}/release", "release", ChangeBodies.Release, Scopes.OrdersWrite, typeof(EmptyShape), "release_hold", "Release a hold");
        Change("ship", "ship", ChangeBodies.Ship, Scopes.OrdersWrite, typeof(ShipShape), "ship_order", "Say that the parcel has left");
        Change("deliver", "deliver", ChangeBodies.Deliver, Scopes.OrdersWrite, typeof(EmptyShape), "deliver_order", "Say that the parcel has arrived");
        Change("refunds", "refund", ChangeBodies.Refund, Scopes.OrdersRefund, typeof(RefundShape), "refund_order", "Give money back, all that is left or an amount", 202);
        Change("resume", "resume", ChangeBodies.Resume, Scopes.OpsWrite, typeof(ReasonShape), "resume_order", "Go on with a parked order");

        void Change(string path, string name, ChangeBody parse, Scopes scope, Type body, string operation, string summary, int status = 200) =>
            routes.Post("/v1/orders/{id}/" + path, change.Handle(name, parse, status), new(operation, summary)
            {
                Body = body, IsBodyOptional = body != typeof(PlaceHoldShape), Answer = typeof(OrderShape), Scope = scope, Statuses = [status],
            }, IfMatch, Timeout);
    }

    public static void MapStock(Routes routes, ItemEndpoints items, AdjustEndpoint adjust)
    {
        routes.Map("PUT", "/v1/items/{sku}", items.PutAsync, new("put_item", "Make or change a catalog item")
        {
            Tag = "items", Body = typeof(PutItemShape), Answer = typeof(ItemShape), Scope = Scopes.StockWrite, Statuses = [200, 201],
        });
        routes.Map("GET", "/v1/items/{sku}", items.GetAsync, new("get_item", "Get an item with its stock")
        {
            Tag = "items", Answer = typeof(ItemShape), Scope = Scopes.StockRead, Statuses = [200, 304],
        });
        routes.Map("GET", "/v1/items/{sku}/availability", items.AvailabilityAsync, new("get_availability", "What can be sold of an item")
        {
            Tag = "items", Answer = typeof(AvailabilityShape), Scope = Scopes.StockRead,
        });
        routes.Post("/v1/stock/adjustments", adjust.HandleAsync, new("adjust_stock", "Add or remove units on hand")
        {
            Tag = "stock", Body = typeof(AdjustStockShape), Answer = typeof(ItemShape), Scope = Scopes.StockWrite,
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
            Tag = "cluster", Answer = typeof(NodeListShape), Scope = Scopes.SystemOperate,
        });
        routes.Map("DELETE", "/v1/cluster/nodes/{name}/drained", cluster.UndrainAsync, new("undrain_node", "Let a node own partitions again")
        {
            Tag = "cluster", Answer = typeof(NodeListShape), Scope = Scopes.SystemOperate,
        });
        routes.Map("PUT", "/v1/cluster/payload-format", cluster.RaiseFormatAsync, new("raise_payload_format", "Write the newest payload format that all nodes can read")
        {
            Tag = "cluster", Answer = typeof(PayloadFormatShape), Scope = Scopes.SystemOperate,
        });
    }

    public static void MapKeys(Routes routes, KeyEndpoints keys, AuditEndpoint audit)
    {
        routes.Post("/v1/api-keys", keys.CreateAsync, new("create_api_key", "Make an API key; its text is in this answer and nowhere else")
        {
            Tag = "api keys", Body = typeof(NewApiKeyShape), Answer = typeof(ApiKeyShape), Scope = Scopes.Admin, Statuses = [201, 200],
        });
        routes.Map("GET", "/v1/api-keys", keys.ListAsync, new("list_api_keys", "The tenant's API keys, never their text")
        {
            Tag = "api keys", Answer = typeof(ApiKeyListShape), Scope = Scopes.Admin,
        });
        routes.Post("/v1/api-keys/{key}/rotate", keys.RotateAsync, new("rotate_api_key", "Make a key that can do what another can, and let that one end")
        {
            Tag = "api keys", Body = typeof(RotationShape), IsBodyOptional = true, Answer = typeof(ApiKeyShape), Scope = Scopes.Admin, Statuses = [201, 200],
        });
        // Says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("DELETE", "/v1/api-keys/{key}", keys.RevokeAsync, new("revoke_api_key", "Withdraw an API key; all nodes refuse it within a second")
        {
            Tag = "api keys", Scope = Scopes.Admin, Statuses = [204],
        });
        routes.Map("GET", "/v1/audit", audit.HandleAsync, new("list_audit", "What was done to the tenant's keys, oldest first; with system:operate, to the installation too")
        {
            Tag = "audit", Answer = typeof(AuditListShape), Scope = Scopes.Admin,
            Query = [("after", "The last entry seen, next_cursor of the page before; none for the first page."), ("limit", "1 to 200; 50 without.")],
        });
    }

    public static void MapLimits(Routes routes, LimitEndpoints limits)
    {
        routes.Map("GET", "/v1/tenants/{tenant}/limits", limits.GetAsync, new("get_limits", "How much a tenant may ask for")
        {
            Tag = "limits", Answer = typeof(LimitsShape), Scope = Scopes.SystemOperate,
        });
        // Says what shall be, so a repeat changes nothing and needs no key.
        routes.Map("PUT", "/v1/tenants/{tenant}/limits", limits.PutAsync, new("put_limits", "Set how much a tenant may ask for; all nodes follow within a second")
        {
            Tag = "limits", Body = typeof(LimitsShape), Answer = typeof(LimitsShape), Scope = Scopes.SystemOperate,
        });
    }

    public static void MapOperations(Routes routes, BackupEndpoints backups)
    {
        routes.Post("/v1/backups", backups.StartAsync, new("start_backup", "Back the store up into the folder that the server was started with")
        {
            Tag = "operations", Body = typeof(EmptyShape), IsBodyOptional = true, Answer = typeof(BackupShape), Scope = Scopes.SystemOperate, Statuses = [202],
        });
        routes.Map("GET", "/v1/backups/{backup}", backups.GetAsync, new("get_backup", "How far a backup is, and what it holds")
        {
            Tag = "operations", Answer = typeof(BackupShape), Scope = Scopes.SystemOperate,
        });
    }

    public static void MapOpen(Routes routes, HealthEndpoints health, PspWebhookEndpoint? psp, PlaceEndpoint? noop)
    {
        routes.MapOpen("GET", "/livez", HealthEndpoints.LiveAsync, new("livez", "The process answers") { Tag = "health", Answer = typeof(HealthShape) });
        routes.MapOpen("GET", "/readyz", health.ReadyAsync, new("readyz", "All partitions serve") { Tag = "health", Answer = typeof(HealthShape) });
        routes.MapOpen("GET", "/startupz", health.StartedAsync, new("startupz", "All partitions have served once") { Tag = "health", Answer = typeof(HealthShape) });
        if (psp is not null)
        {
            routes.MapOpen("POST", "/v1/psp/{name}/webhooks", psp.HandleAsync, new("psp_webhook", "A payment service provider tells us something")
            {
                Tag = "psp", Body = typeof(PspEventShape), Statuses = [204], Headers = [("Psp-Signature", "t=…,v1=…", true)],
            });
        }

        if (noop is not null)
            routes.MapOpen("POST", "/v1/_noop", noop.HandleNoopAsync, new("noop", "Parse an order and do nothing: for benchmarks") { Tag = "bench", Body = typeof(PlaceOrderShape), Statuses = [202] });
    }
}
