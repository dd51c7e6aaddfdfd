using System.Text.Json;
using Millrace.Api.Problems;

namespace Millrace.Api.Json;

/// <summary>
/// Reads a command's JSON by hand: unknown and repeated fields are refused, depth and counts are bounded, and every
/// fault is kept with its pointer so that a client sees all of them at once. Malformed JSON throws
/// <see cref="JsonException"/>, which <see cref="Millrace.Api.Edge.BodyReading"/> turns into a problem.
/// </summary>
internal ref partial struct StrictJson
{
    // Enough to mend a form in one go; beyond it the body is hostile or hopeless.
    private const int MaxErrors = 20;

    private Utf8JsonReader _reader;
    private JsonPath _path;
    private List<FieldError>? _errors;

    public StrictJson(ReadOnlySpan<byte> utf8)
    {
        // One level more than the path holds, so that too deep is always the JSON reader's finding.
        _reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = JsonPath.MaxDepth });
        _reader.Read();
    }

    public readonly IReadOnlyList<FieldError> Errors => _errors ?? (IReadOnlyList<FieldError>)[];

    public readonly bool HasErrors => _errors is not null;

    /// <summary>Where the present value starts in the body.</summary>
    public readonly int ValueStart => (int)_reader.TokenStartIndex;

    public readonly int Consumed => (int)_reader.BytesConsumed;

    /// <summary>Goes into the object that is the present value.</summary>
    /// <returns>False, with the fault noted and the value skipped, when it is something else.</returns>
    public bool Object() => Enter(JsonTokenType.StartObject, "An object is expected.");

    /// <summary>Goes into the array that is the present value.</summary>
    public bool Array() => Enter(JsonTokenType.StartArray, "An array is expected.");

    /// <summary>Goes to the next field's value; null at the object's end. Null values count as absent.</summary>
    /// <param name="seen">Starts as zero, one for each object: the lower half has a bit for every field met, the upper for every
    /// field with a value.</param>
    public string? Field(FieldSet fields, ref ulong seen)
    {
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            var index = _reader.ValueIsEscaped ? fields.IndexOf(Unescaped()) : fields.IndexOf(_reader.ValueSpan);
            if (index < 0)
            {
                _path.At(Name());
                Fault("unknown_field", "There is no such field here.");
                SkipField();
                continue;
            }

            _path.At(fields[index]);
            var isRepeated = (seen & (1ul << index)) != 0;
            seen |= 1ul << index;
            if (isRepeated)
                Fault("duplicate_field", "The field is given twice.");
            _reader.Read();
            if (isRepeated || _reader.TokenType == JsonTokenType.Null)
            {
                _reader.Skip();
                continue;
            }

            seen |= 1ul << (index + FieldSet.MaxFields);
            return fields[index];
        }

        _path.Leave();
        return null;
    }

    /// <summary>Goes to the next field of an object whose names are the client's own.</summary>
    public string? AnyField()
    {
        if (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            var name = Name();
            _path.At(name);
            _reader.Read();
            return name;
        }

        _path.Leave();
        return null;
    }

    /// <summary>Goes to the next element; false at the array's end.</summary>
    public bool Element(int index)
    {
        if (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            _path.At(index);
            return true;
        }

        _path.Leave();
        return false;
    }

    /// <summary>Passes over the present value.</summary>
    public void Skip() => _reader.Skip();

    /// <summary>Nothing may follow the value.</summary>
    public void End()
    {
        // The reader itself refuses anything but white space after the value.
        if (_reader.Read())
            throw new JsonException();
    }

    /// <summary>Notes what is wrong with the present value.</summary>
    public void Fault(string code, string detail)
    {
        _errors ??= [];
        if (_errors.Count < MaxErrors)
            _errors.Add(new FieldError(_path.ToPointer(), code, detail));
    }

    private void Missing(string name)
    {
        _path.Enter();
        _path.At(name);
        Fault("missing_field", "The field is required.");
        _path.Leave();
    }

    /// <summary>Notes which of the first <paramref name="count"/> fields of the object just left have no value.</summary>
    public void Require(ulong seen, FieldSet fields, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if ((seen & (1ul << (i + FieldSet.MaxFields))) == 0)
                Missing(fields[i]);
        }
    }

    private bool Enter(JsonTokenType type, string detail)
    {
        if (_reader.TokenType != type)
        {
            Fault("wrong_type", detail);
            _reader.Skip();
            return false;
        }

        _path.Enter();
        return true;
    }

    private void SkipField()
    {
        _reader.Read();
        _reader.Skip();
    }
}
