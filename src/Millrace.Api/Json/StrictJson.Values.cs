using System.Text.Json;
using System.Text;
using Millrace.Engine.Codec;
namespace Millrace.Api.Json;

/// <summary>What a text may hold.</summary>
internal enum TextRule
{
    /// <summary>An identifier: printable, no control characters.</summary>
    Id = 1,

    /// <summary>An identifier of printable ASCII that comes again and again: kept once.</summary>
    Code = 2,

    /// <summary>Words of people: line breaks allowed, card numbers refused.</summary>
    Free = 3,
}

internal ref partial struct StrictJson
{
    // A longer name is not one of ours; it is cut in the pointer.
    private const int MaxNameLength = 64;

    /// <summary>The present value as text of 1 to <paramref name="maxLength"/> characters; null, with the fault noted, when it is not.</summary>
    public string? Text(int maxLength, TextRule rule)
    {
        if (_reader.TokenType != JsonTokenType.String)
        {
            Fault("wrong_type", "A string is expected.");
            _reader.Skip();
            return null;
        }

        var raw = _reader.ValueSpan;
        if (raw.Length == 0)
        {
            Fault("too_short", "The text is empty.");
            return null;
        }

        // An escape is at most six bytes for one character.
        if (raw.Length > maxLength * 6 || (!_reader.ValueIsEscaped && raw.Length > maxLength * 3))
            return TooLong(maxLength);
        var text = rule == TextRule.Code && !_reader.ValueIsEscaped && Ascii.IsValid(raw) ? TextCache.Get(raw) : Decoded();
        if (text is null)
            return null;
        if (text.Length > maxLength)
            return TooLong(maxLength);
        return Passes(text, rule) ? text : null;
    }

    /// <summary>The present value as a whole number; the minimum, with the fault noted, when it is not.</summary>
    public long Whole(long minimum, long maximum)
    {
        if (_reader.TokenType != JsonTokenType.Number)
        {
            Fault("wrong_type", "A whole number is expected.");
            _reader.Skip();
            return minimum;
        }

        if (!_reader.TryGetInt64(out var value))
        {
            Fault("wrong_type", "A whole number of at most 64 bits is expected.");
            return minimum;
        }

        if (value >= minimum && value <= maximum)
            return value;
        Fault("out_of_range", $"The number must be {minimum} to {maximum}.");
        return minimum;
    }

    public bool Boolean()
    {
        if (_reader.TokenType is JsonTokenType.True or JsonTokenType.False)
            return _reader.GetBoolean();
        Fault("wrong_type", "true or false is expected.");
        _reader.Skip();
        return false;
    }

    private bool Passes(string text, TextRule rule)
    {
        foreach (var c in text)
        {
            var isRefused = rule switch
            {
                TextRule.Code => c is < ' ' or > '~',
                TextRule.Free => char.IsControl(c) && c is not ('\n' or '\r' or '\t'),
                _ => char.IsControl(c),
            };
            if (!isRefused)
                continue;
            Fault("invalid_format", rule == TextRule.Code ? "Only printable ASCII is accepted." : "Control characters are refused.");
            return false;
        }

        if (rule != TextRule.Free || !CardNumber.IsIn(text))
            return true;
        Fault("card_number_refused", "The text holds what looks like a card number.");
        return false;
    }

    private string? TooLong(int maxLength)
    {
        Fault("too_long", $"The text is longer than {maxLength} characters.");
        return null;
    }

    // The reader checks UTF-8 and escapes only when a text is taken; InvalidOperationException is how it says "not text".
    private string? Decoded()
    {
        try
        {
            return _reader.GetString();
        }
        catch (InvalidOperationException)
        {
            Fault("invalid_format", "The text is not valid UTF-8.");
            return null;
        }
    }

    private readonly string Name()
    {
        try
        {
            var name = _reader.GetString()!;
            return name.Length <= MaxNameLength ? name : name[..MaxNameLength];
        }
        catch (InvalidOperationException)
        {
            // What stands for bytes that are no text, and is in no name of ours.
            return "\uFFFD";
        }
    }

    private readonly byte[] Unescaped() => Encoding.UTF8.GetBytes(Name());
}
