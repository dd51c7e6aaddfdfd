using Xunit;

namespace Millrace.Browser.Tests;

/// <summary>One node and one browser for all, one test at a time.</summary>
[CollectionDefinition(Name)]
public sealed class Consoles : ICollectionFixture<ConsoleServer>
{
    public const string Name = "consoles";
}
