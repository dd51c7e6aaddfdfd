using System.IO.Compression;
using System.Xml.Linq;
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
        using var package = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(folder, "Millrace.Client.*.nupkg")));
        var names = package.Entries.Select(entry => entry.FullName).ToList();
        Assert.All(["README.md", "lib/net10.0/Millrace.Client.dll", "lib/net10.0/Millrace.Client.xml"], name => Assert.Contains(name, names));
        using var nuspec = package.GetEntry("Millrace.Client.nuspec")!.Open();
        var metadata = XDocument.Load(nuspec).Root!.Elements().Single();
        Assert.Equal("README.md", metadata.Elements().Single(element => element.Name.LocalName == "readme").Value);
        Assert.DoesNotContain(metadata.Descendants(), element => element.Name.LocalName == "dependency");
    }

    // Nobody reads past an example that does not work: this one is the sample's, which a test runs.
    [Fact]
    public void The_readme_shows_what_there_is()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Sources, "Millrace.Client", "README.md"));
        Assert.All(["MillraceClient(", "Orders.PlaceAsync(", "MillraceProblemException", "WatchAsync", "CallOptions.IdempotencyKey"], word => Assert.Contains(word, readme, StringComparison.Ordinal));
    }
}
