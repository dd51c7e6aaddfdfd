namespace Millrace.Storage.Postgres;

/// <summary>Lets a test stand where the network stands.</summary>
internal sealed class CommitFault
{
    /// <summary>Called before an append is sent.</summary>
    public Action Before { get; set; } = static () => { };

    /// <summary>Called after its commit.</summary>
    public Action After { get; set; } = static () => { };
}
