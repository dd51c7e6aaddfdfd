using System.IO.Compression;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Millrace.Client;
using Millrace.Tests.Architecture;
using Xunit;

namespace Millrace.Tests.Client;

public sealed class PackageTests
{
    [Fact]
    public void The_package_has_the_library_its_words_and_a_readme_and_depends_on_nothing()
    {
        var tests = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var folder = Path.Combine(tests.Parent!.Parent!.Parent!.FullName, "package", tests.Name);
        using var package = ZipFile.OpenRead(Path.Combine(folder, $"Millrace.Client.{typeof(MillraceClient).Assembly.GetName().Version!.ToString(3)}.nupkg"));
        var names = package.Entries.Select(entry => entry.FullName).ToList();
        Assert.All(["README.md", "lib/net10.0/Millrace.Client.dll", "lib/net10.0/Millrace.Client.xml"], name => Assert.Contains(name, names));
        using var nuspec = package.GetEntry("Millrace.Client.nuspec")!.Open();
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        Assert.Equal("README.md", metadata.Elements().Single(element => element.Name.LocalName == "readme").Value);
        Assert.DoesNotContain(metadata.Descendants(), element => element.Name.LocalName == "dependency");
    }

    // Nobody reads past an example that does not work.
    [Fact]
    public void The_readmes_example_compiles()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Sources, "Millrace.Client", "README.md"));
        var code = readme.Split("```csharp")[1].Split("```")[0];
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var program = CSharpCompilation.Create("readme",
            [CSharpSyntaxTree.ParseText("using System;\n" + code.Replace("using var", "var key = \"\";\nusing var", StringComparison.Ordinal), CSharpParseOptions.Default)], references);
        Assert.Empty(program.GetDiagnostics().Where(found => found.Severity == DiagnosticSeverity.Error).Select(found => found.ToString()));
    }
}
