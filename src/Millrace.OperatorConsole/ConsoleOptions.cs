namespace Millrace.OperatorConsole;

/// <summary>What an operator chooses for the console.</summary>
public sealed record ConsoleOptions
{
    /// <summary>64 bytes that sessions are encrypted with, the same at all nodes and after a restart; asked for once the node has started.</summary>
    public required Func<IServiceProvider, byte[]> SessionSecret { get; init; }

    /// <summary>Where the dashboard of Orleans is, when the node serves it.</summary>
    public const string OrleansDashboard = "/orleans";

    /// <summary>The node serves the dashboard of Orleans: see <see cref="ConsoleHost.RequireOperator"/>.</summary>
    public bool HasOrleansDashboard { get; init; }

    /// <summary>Something in front of the node ends TLS: sessions are for it alone, though the node itself is spoken to in the clear.</summary>
    public bool IsTlsInFront { get; init; }

    /// <summary>Set by the demo alone: whoever comes from this machine by its own name is signed in, and there are knobs that break things.</summary>
    public DemoControls? Demo { get; init; }
}

/// <summary>What the demo lets a visitor do.</summary>
/// <param name="ApiKey">Visitors act with it.</param>
/// <param name="Psp">The simulator, which takes its faults over HTTP.</param>
/// <param name="Again">The command that starts this shop again.</param>
public sealed record DemoControls(string ApiKey, Uri Psp, string Again)
{
    private double _rate;

    /// <summary>Orders a second that the demo's shop places.</summary>
    public double Rate
    {
        get => Volatile.Read(ref _rate);
        set => Volatile.Write(ref _rate, Math.Clamp(value, 0, 1_000));
    }

    /// <summary>The nodes that a visitor may kill; null where there is only the one that serves the page.</summary>
    public DemoNodes? Nodes { get; set; }
}

/// <summary>The demo's other nodes.</summary>
/// <param name="List">All of them, as they are now.</param>
/// <param name="Kill">SIGKILL to the one of that name; false when there is none, or it is dead already.</param>
public sealed record DemoNodes(Func<IReadOnlyList<DemoNode>> List, Func<string, Task<bool>> Kill);

/// <param name="Name">As in the list of nodes.</param>
/// <param name="Url">Where its API and console are.</param>
/// <param name="IsRunning">False from its end until it is started again.</param>
public sealed record DemoNode(string Name, Uri Url, bool IsRunning);
