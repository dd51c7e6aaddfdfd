using System.Diagnostics;

namespace Millrace.Telemetry;

/// <summary>The spans of our own. While nobody listens none is made.</summary>
public static class Tracing
{
    /// <summary>Of commits to the journal, one a group.</summary>
    public const string Journal = "Millrace.Journal";

    /// <summary>Of calls to payment providers, and webhooks of theirs.</summary>
    public const string Psp = "Millrace.Psp";

    public static readonly ActivitySource JournalSource = new(Journal);

    public static readonly ActivitySource PspSource = new(Psp);
}
