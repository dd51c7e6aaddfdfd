namespace Millrace.Api.Keys;

/// <summary>What an API key may do.</summary>
[Flags]
public enum Scopes
{
    None = 0,
    OrdersRead = 1,
    OrdersWrite = 2,
    OrdersOverridePrice = 4,
    OrdersRefund = 8,
    StockRead = 16,
    StockWrite = 32,
    OpsWrite = 64,

    /// <summary>The installation itself, which all tenants share: nodes, partitions, backups. Not part of <see cref="Admin"/>.</summary>
    SystemOperate = 128,

    /// <summary>What happens to orders, as it happens.</summary>
    EventsRead = 256,

    /// <summary>Where the tenant is told of events: whoever has it decides to whom they go.</summary>
    WebhooksWrite = 512,

    /// <summary>Everything of one tenant.</summary>
    Admin = OrdersRead | OrdersWrite | OrdersOverridePrice | OrdersRefund | StockRead | StockWrite | OpsWrite | EventsRead | WebhooksWrite,
}

/// <summary>The names under which scopes are stored, shown and asked for.</summary>
public static class ScopeNames
{
    private static readonly (string Name, Scopes Scope)[] Table =
    [
        ("orders:read", Scopes.OrdersRead),
        ("orders:write", Scopes.OrdersWrite),
        ("orders:override_price", Scopes.OrdersOverridePrice),
        ("orders:refund", Scopes.OrdersRefund),
        ("stock:read", Scopes.StockRead),
        ("stock:write", Scopes.StockWrite),
        ("ops:write", Scopes.OpsWrite),
        ("events:read", Scopes.EventsRead),
        ("webhooks:write", Scopes.WebhooksWrite),
        ("system:operate", Scopes.SystemOperate),
        ("admin", Scopes.Admin),
    ];

    // What a person is commonly given. Understood wherever scopes are; shown as what they stand for.
    private static readonly (string Name, Scopes Scope)[] Roles =
    [
        ("viewer", Scopes.OrdersRead | Scopes.StockRead | Scopes.EventsRead),
        ("operator", Scopes.OrdersRead | Scopes.OrdersWrite | Scopes.OrdersRefund | Scopes.StockRead | Scopes.StockWrite | Scopes.OpsWrite | Scopes.EventsRead),
    ];

    public static IEnumerable<string> All => Table.Concat(Roles).Select(row => row.Name);

    public static bool TryParse(IEnumerable<string> names, out Scopes scopes)
    {
        scopes = Scopes.None;
        foreach (var name in names)
        {
            var row = Table.Concat(Roles).FirstOrDefault(r => r.Name == name);
            if (row.Name is null)
                return false;
            scopes |= row.Scope;
        }

        return scopes != Scopes.None;
    }

    /// <summary>Those that this version knows: one that it does not gives no rights.</summary>
    public static Scopes Known(IEnumerable<string> names) =>
        names.Select(name => TryParse([name], out var scope) ? scope : Scopes.None).Aggregate(Scopes.None, static (all, scope) => all | scope);

    /// <summary>As few as say it: what <c>admin</c> stands for is not told one by one.</summary>
    public static string[] Of(Scopes scopes) => scopes.HasFlag(Scopes.Admin)
        ? ["admin", .. Names(scopes & ~Scopes.Admin)]
        : [.. Names(scopes)];

    private static IEnumerable<string> Names(Scopes scopes) => Table.Where(row => row.Scope != Scopes.Admin && scopes.HasFlag(row.Scope)).Select(row => row.Name);
}
