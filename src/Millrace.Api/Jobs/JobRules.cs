using Millrace.Api.Keys;

namespace Millrace.Api.Jobs;

/// <summary>What may be asked of a job.</summary>
public static class JobRules
{
    public const string Cancel = "cancel";
    public const string Retry = "retry";
    public const string Hold = "hold";
    public const string Release = "release";

    /// <summary>Orders a second.</summary>
    public const int DefaultRate = 10;
    public const int MaxRate = 100;

    /// <summary>Orders of one job.</summary>
    public const int DefaultLimit = 10_000;
    public const int MaxLimit = 100_000;

    public static readonly IReadOnlyList<string> Actions = [Cancel, Retry, Hold, Release];

    /// <summary>What the same asks for of one order.</summary>
    public static Scopes ScopeOf(string action) => action == Retry ? Scopes.OpsWrite : Scopes.OrdersWrite;
}
