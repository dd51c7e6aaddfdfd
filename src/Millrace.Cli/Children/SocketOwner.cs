namespace Millrace.Cli.Children;

/// <summary>Whose a connection within this machine is, as <c>/proc</c> has it.</summary>
internal static class SocketOwner
{
    /// <summary>Whether a process has the one end of a TCP connection.</summary>
    /// <param name="process">Its id.</param>
    /// <param name="port">At that end.</param>
    /// <param name="otherPort">At the other end: the same port may lead to several.</param>
    public static bool Has(int process, int port, int otherPort)
    {
        // https://man7.org/linux/man-pages/man5/proc_net.5.html: the second field is the local address, the third the other's, the tenth the inode.
        var inode = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.SelectMany(File.ReadLines)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(fields => fields[1].EndsWith($":{port:X4}", StringComparison.Ordinal) && fields[2].EndsWith($":{otherPort:X4}", StringComparison.Ordinal) && fields[9] != "0")?[9];
        return inode is not null && Links($"/proc/{process}/fd").Contains($"socket:[{inode}]", StringComparer.Ordinal);
    }

    private static List<string> Links(string folder)
    {
        var links = new List<string>();
        try
        {
            foreach (var file in Directory.GetFiles(folder))
            {
                if (new FileInfo(file).LinkTarget is { } link)
                    links.Add(link);
            }
        }
        catch (IOException)
        {
            // The process has ended, and owns nothing.
        }

        return links;
    }
}
