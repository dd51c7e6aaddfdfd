using System.Runtime.CompilerServices;

namespace Millrace.Gateways.Psp;

/// <summary>What an operator chooses per provider. Every property refuses a value outside of its range when it is set.</summary>
public sealed record HttpPaymentGatewayOptions
{
    /// <summary>Scheme, host and port of the provider, absolute http or https; a path is not used.</summary>
    /// <exception cref="ArgumentException">The address is not absolute http or https.</exception>
    public required Uri BaseAddress
    {
        get;
        init => field = value is { IsAbsoluteUri: true, Scheme: "http" or "https" }
            ? value
            : throw new ArgumentException("The address must be absolute and http or https.", nameof(value));
    }

    /// <summary>What the provider knows us by, sent with every call as <c>Authorization: Bearer</c>; null for a provider that knows it otherwise.</summary>
    /// <exception cref="ArgumentException">A header cannot hold it.</exception>
    public string? Key
    {
        get;
        init
        {
            _ = PspAuthorization.Of(value);
            field = value;
        }
    }

    /// <summary>Time of one execution at the provider, look-up included, from its turn on: 50 ms to 2 min, default 5 s.</summary>
    public TimeSpan CallTimeout
    {
        get;
        init => field = Within(value, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(2));
    } = TimeSpan.FromSeconds(5);

    /// <summary>How long an execution waits for its turn before it is refused as unknown, without having been sent: 50 ms to 2 min, default 2 s.</summary>
    public TimeSpan TurnTimeout
    {
        get;
        init => field = Within(value, TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(2));
    } = TimeSpan.FromSeconds(2);

    /// <summary>Executions at the provider at one time, and connections to it: 1 to 4,096, default 256.</summary>
    public int MaxConcurrentCalls
    {
        get;
        init => field = Within(value, 1, 4096);
    } = 256;

    /// <summary>Executions that may wait for their turn; the next one is refused as unknown: 0 to 65,536, default 8,192.</summary>
    public int MaxWaitingCalls
    {
        get;
        init => field = Within(value, 0, 65_536);
    } = 8192;

    /// <summary>How long an open breaker refuses before one probe is let through: 500 ms to 10 min, default 5 s.</summary>
    public TimeSpan BreakDuration
    {
        get;
        init => field = Within(value, TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(10));
    } = TimeSpan.FromSeconds(5);

    /// <summary>Without the key.</summary>
    public override string ToString() => $"{nameof(HttpPaymentGatewayOptions)} {BaseAddress}";

    private static T Within<T>(T value, T minimum, T maximum, [CallerMemberName] string name = "") where T : IComparable<T> =>
        value.CompareTo(minimum) >= 0 && value.CompareTo(maximum) <= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"{name} must be from {minimum} to {maximum}.");
}
