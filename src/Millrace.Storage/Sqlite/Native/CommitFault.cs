namespace Millrace.Storage.Sqlite.Native;

/// <summary>Lets a test stand where the disk stands. Each returns the SQLite result code to report; 0 is success.</summary>
internal sealed class CommitFault
{
    /// <summary>Asked before the commit; anything but 0 takes the commit's place.</summary>
    public Func<int> Before { get; set; } = static () => 0;

    /// <summary>Asked after a commit that succeeded; anything but 0 hides that it did.</summary>
    public Func<int> After { get; set; } = static () => 0;
}
