namespace Millrace.Domain.Orders;

/// <summary>Who caused a fact. Numbers are stored: never change one.</summary>
public enum ActorKind
{
    /// <summary>The pipeline itself: a saga step, a timer, a stock partition.</summary>
    System = 0,

    /// <summary>A merchant's program, named by its API key.</summary>
    ApiKey = 1,

    /// <summary>A person of the merchant.</summary>
    Operator = 2,

    /// <summary>A payment service provider, by answer or webhook.</summary>
    Psp = 3,
}

/// <param name="Kind">Which sort of cause.</param>
/// <param name="Name">Key id, operator or PSP name; never a secret. Null for the system.</param>
public sealed record Actor(ActorKind Kind, string? Name)
{
    public static readonly Actor System = new(ActorKind.System, null);
}

/// <summary>The idempotency key of a change to an order: kept in the order's own events, for ever.</summary>
/// <param name="KeyHash">Hash of (tenant, route, key).</param>
/// <param name="PayloadHash">Hash of the request.</param>
public readonly record struct ChangeKey(UInt128 KeyHash, UInt128 PayloadHash);

/// <summary>What is true of every event of one decision.</summary>
/// <param name="AtUnixMs">When it was decided, by the owner's clock.</param>
/// <param name="Actor">Who caused it.</param>
/// <param name="Key">On the first event of a keyed change.</param>
public readonly record struct EventContext(long AtUnixMs, Actor Actor, ChangeKey? Key = null);
