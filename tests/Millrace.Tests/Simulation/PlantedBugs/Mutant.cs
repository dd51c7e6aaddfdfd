using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Millrace.Simulation.Faults;
using Millrace.Tests.Architecture;
using Xunit;

namespace Millrace.Tests.Simulation.PlantedBugs;

/// <summary>
/// Domain, Engine and Simulation compiled once more, in memory, with one bug planted. So no shipped build contains a bug or a
/// switch for one, and the code carries no trace of them.
/// </summary>
internal sealed class Mutant : IDisposable
{
    private const string GlobalUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14);
    private static readonly Lazy<Dictionary<string, SyntaxTree>> Sources = new(ParseSources);
    private static readonly Lazy<CSharpCompilation> Sound = new(Compile);
    private readonly AssemblyLoadContext _context = new("mutant", isCollectible: true);
    private readonly System.Reflection.Assembly _assembly;
    private readonly dynamic _coverage;

    private Mutant(CSharpCompilation compilation)
    {
        using var image = new MemoryStream();
        var result = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        image.Position = 0;
        _assembly = _context.LoadFromStream(image);
        _coverage = Activator.CreateInstance(Type("Coverage"))!;
    }

    public static Mutant Without() => new(Sound.Value);

    public static Mutant With(PlantedBug bug)
    {
        var tree = Sources.Value[bug.File];
        var text = tree.ToString();
        var first = text.IndexOf(bug.Original, StringComparison.Ordinal);
        Assert.True(first >= 0 && text.IndexOf(bug.Original, first + 1, StringComparison.Ordinal) < 0,
            $"'{bug.Original}' does not stand exactly once in {bug.File}: the bug has to be planted anew.");
        var planted = CSharpSyntaxTree.ParseText(text.Replace(bug.Original, bug.Planted, StringComparison.Ordinal), Parsing, bug.File);
        return new Mutant(Sound.Value.ReplaceSyntaxTree(tree, planted));
    }

    /// <summary>Runs seeds until one fails.</summary>
    /// <param name="as">Seeds that break another promise first do not count; null for any.</param>
    /// <param name="without">Seeds with this fault do not count.</param>
    /// <returns>The first violation of the first failing seed, and how many seeds it took; null when none of them failed.</returns>
    public (int Seeds, int Invariant, string What)? FirstFailure(int seeds, int? @as = null, FaultKind? without = null)
    {
        var settings = Activator.CreateInstance(Type("SeedSettings"), 200, null, 0)!;
        var run = Type("SeedResult").GetMethod("Run")!;
        for (var seed = 1; seed <= seeds; seed++)
        {
            dynamic result = run.Invoke(null, [(ulong)seed, settings])!;
            _coverage.Add(result.Coverage);
            if ((long)result.Report.ViolationCount > 0 && (@as is null || (int)result.Report.Violations[0].Invariant == @as) && !(without is { } fault && ((string)result.Plan.ToString()).Contains(fault.ToString(), StringComparison.Ordinal)))
                return (seed, (int)result.Report.Violations[0].Invariant, (string)result.Report.Violations[0].What);
        }

        return null;
    }

    /// <summary>How often the seeds of <see cref="FirstFailure"/> met a case.</summary>
    public long Reached(string type) => (long)_coverage.Of(_assembly.GetType(type, throwOnError: true));

    public void Dispose() => _context.Unload();

    private Type Type(string name) => _assembly.GetType($"Millrace.Simulation.Seeds.{name}", throwOnError: true)!;

    private static Dictionary<string, SyntaxTree> ParseSources() => new[] { "Millrace.Domain", "Millrace.Engine", "Millrace.Simulation" }
        .SelectMany(Repository.CodeOf)
        .ToDictionary(
            file => Path.GetRelativePath(Repository.Sources, file).Replace('\\', '/'),
            file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), Parsing, file));

    private static CSharpCompilation Compile() => CSharpCompilation.Create(
        "Millrace.Mutant",
        [CSharpSyntaxTree.ParseText(GlobalUsings, Parsing), .. Sources.Value.Values],
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !Path.GetFileName(path).StartsWith("Millrace", StringComparison.OrdinalIgnoreCase))
            .Select(path => MetadataReference.CreateFromFile(path)),
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable));
}
