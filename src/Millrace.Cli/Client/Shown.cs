using System.Text.Json;

namespace Millrace.Cli.Client;

/// <summary>What a command has to show.</summary>
internal abstract record Shown
{
    private Shown()
    {
    }

    /// <summary>One object: two columns of its fields, or its JSON.</summary>
    public sealed record One(JsonElement Value) : Shown;

    /// <summary>Many objects.</summary>
    /// <param name="Rows">All of them.</param>
    /// <param name="Columns">Of a table: names of fields, with a dot into nested ones; <c>#</c> behind a column of numbers.</param>
    public sealed record Many(IReadOnlyList<JsonElement> Rows, params string[] Columns) : Shown;
}
