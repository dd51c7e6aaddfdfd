using System.Diagnostics;

namespace Millrace.Tests.EndToEnd;

/// <summary>The program under test, as the build made it: never a copy of its code inside the test process.</summary>
internal static class MillraceExecutable
{
    public static ProcessStartInfo With(params string[] arguments)
    {
        // Beside the tests' own output folder: artifacts/bin/<project>/<configuration>.
        var tests = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = Path.Combine(tests.Parent!.Parent!.FullName, "Millrace.Cli", tests.Name, "millrace");
        var start = File.Exists(program) ? new ProcessStartInfo(program) : UnderDotnet();
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // Two seconds, in hexadecimal, in place of a tenth: most of these processes live for seconds, and what is compiled a second time in their first ones is a sixth of all they do.
        start.Environment["DOTNET_TC_CallCountingDelayMs"] = "7D0";
        return start;
    }

    private static ProcessStartInfo UnderDotnet()
    {
        var library = Path.Combine(AppContext.BaseDirectory, "millrace.dll");
        if (!File.Exists(library))
            throw new InvalidOperationException($"There is no millrace executable beside {AppContext.BaseDirectory}: build Millrace.Cli.");
        return new ProcessStartInfo("dotnet") { ArgumentList = { library } };
    }
}
