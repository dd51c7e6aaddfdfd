using System.Text;

namespace Millrace.Api.Json;

/// <summary>The fields that an object may have, at most <see cref="MaxFields"/>.</summary>
internal sealed class FieldSet
{
    public const int MaxFields = 32;

    private readonly byte[][] _utf8;
    private readonly string[] _names;

    public FieldSet(params string[] names)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(names.Length, MaxFields, nameof(names));
        _names = names;
        _utf8 = Array.ConvertAll(names, Encoding.UTF8.GetBytes);
    }

    /// <returns>The field's place in the set, or -1.</returns>
    public int IndexOf(ReadOnlySpan<byte> utf8)
    {
        // A dozen short names: comparing lengths first is cheaper than hashing.
        for (var i = 0; i < _utf8.Length; i++)
        {
            if (_utf8[i].Length == utf8.Length && utf8.SequenceEqual(_utf8[i]))
                return i;
        }

        return -1;
    }

    public string this[int index] => _names[index];
}
