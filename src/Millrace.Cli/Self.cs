using System.Diagnostics;

namespace Millrace.Cli;

/// <summary>This executable, for commands that run part of their work in a process of its own.</summary>
internal static class Self
{
    public static ProcessStartInfo Start(params string[] arguments)
    {
        var host = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this process is not known.");
        var start = new ProcessStartInfo(host);
        // Under `dotnet millrace.dll` the process is the runtime's host, and the program its first argument.
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
            start.ArgumentList.Add(typeof(Self).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return start;
    }
}
