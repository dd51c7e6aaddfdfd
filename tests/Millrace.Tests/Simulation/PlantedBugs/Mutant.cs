using System.Collections.Concurrent;
using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Millrace.Simulation.Faults;
using Millrace.Tests.Architecture;
using Xunit;

namespace Millrace.Tests.Simulation.PlantedBugs;

/// <summary>
/// One project compiled once more, in memory, with one bug planted; what depends on it is loaded once more beside it, and what it depends on is shared. So
/// no shipped build contains a bug or a switch for one, and the code carries no trace of them.
/// </summary>
internal sealed class Mutant : IDisposable
{
    // Each depends on those before it.
    private static readonly string[] Projects = ["Millrace.Domain", "Millrace.Engine", "Millrace.Simulation"];
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14);
    private static readonly ConcurrentDictionary<string, CSharpCompilation> Sound = new(StringComparer.Ordinal);
    private readonly MutantContext _context;
    private readonly System.Reflection.Assembly _mutated;
    private readonly System.Reflection.Assembly _simulation;
    private readonly dynamic _coverage;

    private Mutant(string project, CSharpCompilation compilation)
    {
        using var image = new MemoryStream();
        var result = compilation.Emit(image, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
        image.Position = 0;
        _context = new MutantContext(Projects.SkipWhile(name => name != project).Skip(1));
        _mutated = _context.LoadFromStream(image);
        _simulation = _context.LoadFromAssemblyName(new System.Reflection.AssemblyName(Projects[^1]));
        _coverage = Activator.CreateInstance(Type("Coverage"))!;
    }

    public static Mutant Without() => new(Projects[0], SoundOf(Projects[0]));

    public static Mutant With(PlantedBug bug)
    {
        var project = bug.File.Split('/')[0];
        var sound = SoundOf(project);
        var tree = sound.SyntaxTrees.Single(tree => tree.FilePath == bug.File);
        var text = tree.ToString();
        var first = text.IndexOf(bug.Original, StringComparison.Ordinal);
        Assert.True(first >= 0 && text.IndexOf(bug.Original, first + 1, StringComparison.Ordinal) < 0,
            $"'{bug.Original}' does not stand exactly once in {bug.File}: the bug has to be planted anew.");
        var planted = CSharpSyntaxTree.ParseText(text.Replace(bug.Original, bug.Planted, StringComparison.Ordinal), Parsing, bug.File);
        return new Mutant(project, sound.ReplaceSyntaxTree(tree, planted));
    }

    /// <summary>Runs seeds until one fails.</summary>
    /// <param name="seeds">In order.</param>
    /// <param name="as">Seeds that break another promise first do not count; null for any.</param>
    /// <param name="without">Seeds with this fault do not count.</param>
    /// <returns>The first failing seed and its first violation; null when none of them failed.</returns>
    public (int Seed, int Invariant, string What)? FirstFailure(IEnumerable<int> seeds, int? @as = null, FaultKind? without = null)
    {
        var settings = Activator.CreateInstance(Type("SeedSettings"), 200, null, 0)!;
        var run = Type("SeedResult").GetMethod("Run")!;
        foreach (var seed in seeds)
        {
            dynamic result = run.Invoke(null, [(ulong)seed, settings])!;
            _coverage.Add(result.Coverage);
            if ((long)result.Report.ViolationCount > 0 && (@as is null || (int)result.Report.Violations[0].Invariant == @as) && !(without is { } fault && ((string)result.Plan.ToString()).Contains(fault.ToString(), StringComparison.Ordinal)))
                return (seed, (int)result.Report.Violations[0].Invariant, (string)result.Report.Violations[0].What);
        }

        return null;
    }

    /// <summary>How often the seeds of <see cref="FirstFailure"/> met a case of the project that has the bug.</summary>
    public long Reached(string type) => (long)_coverage.Of(_mutated.GetType(type, throwOnError: true));

    public void Dispose() => _context.Unload();

    private Type Type(string name) => _simulation.GetType($"Millrace.Simulation.Seeds.{name}", throwOnError: true)!;

    private static CSharpCompilation SoundOf(string project) => Sound.GetOrAdd(project, static name => CSharpCompilation.Create(
        name,
        [
            CSharpSyntaxTree.ParseText(Generated(name), Parsing),
            .. Repository.CodeOf(name).Select(file =>
                CSharpSyntaxTree.ParseText(File.ReadAllText(file), Parsing, Path.GetRelativePath(Repository.Sources, file).Replace('\\', '/'))),
        ],
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileNameWithoutExtension(path) is var file && (!file.StartsWith("Millrace", StringComparison.OrdinalIgnoreCase) || Projects.TakeWhile(p => p != name).Contains(file)))
            .Select(path => MetadataReference.CreateFromFile(path)),
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable)));

    // What the build generates for a project; its version is what those that depend on it ask for.
    private static string Generated(string project) => $"""
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        [assembly: System.Reflection.AssemblyVersion("{System.Reflection.Assembly.Load(project).GetName().Version}")]
        """;

    /// <summary>Loads what depends on a mutant once more, so that it finds the mutant.</summary>
    private sealed class MutantContext(IEnumerable<string> dependents) : AssemblyLoadContext("mutant", isCollectible: true)
    {
        private readonly HashSet<string> _dependents = new(dependents, StringComparer.Ordinal);

        protected override System.Reflection.Assembly? Load(System.Reflection.AssemblyName assemblyName)
        {
            if (!_dependents.Contains(assemblyName.Name!))
                return Assemblies.FirstOrDefault(loaded => loaded.GetName().Name == assemblyName.Name);
            using var image = File.OpenRead(Path.Combine(AppContext.BaseDirectory, assemblyName.Name + ".dll"));
            return LoadFromStream(image);
        }
    }
}
