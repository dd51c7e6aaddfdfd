using System.Runtime.CompilerServices;
using System.Text;

namespace Millrace.Api.Json;

/// <summary>Where a reader is, kept cheaply so that a wrong field can be named by a JSON Pointer (RFC 6901).</summary>
internal struct JsonPath
{
    public const int MaxDepth = 8;

    private Steps _steps;

    public int Depth { get; private set; }

    public void Enter() => _steps[Depth++] = default;

    public void Leave() => Depth--;

    public void At(string name) => _steps[Depth - 1] = new Step(name, 0);

    public void At(int index) => _steps[Depth - 1] = new Step(null, index);

    public readonly string ToPointer()
    {
        var text = new StringBuilder();
        for (var i = 0; i < Depth; i++)
        {
            var step = _steps[i];
            text.Append('/');
            if (step.Name is { } name)
                text.Append(name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
            else
                text.Append(step.Index);
        }

        return text.ToString();
    }

    private readonly record struct Step(string? Name, int Index);

    [InlineArray(MaxDepth)]
    private struct Steps
    {
        private Step _first;
    }
}
