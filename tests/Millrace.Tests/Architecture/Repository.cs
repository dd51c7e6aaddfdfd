using System.Runtime.CompilerServices;

namespace Millrace.Tests.Architecture;

/// <summary>The source tree that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Sources => Path.Combine(Root, "src");

    public static string Tests => Path.Combine(Root, "tests", "Millrace.Tests");

    public static IEnumerable<string> CodeOf(string project) =>
        Directory.EnumerateFiles(Path.Combine(Sources, project), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static string Find([CallerFilePath] string here = "")
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(here)!);
        while (!File.Exists(Path.Combine(folder.FullName, "Millrace.slnx")))
            folder = folder.Parent ?? throw new InvalidOperationException($"No Millrace.slnx above {here}.");
        return folder.FullName;
    }
}
