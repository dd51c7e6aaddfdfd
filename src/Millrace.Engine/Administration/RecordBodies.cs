using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Millrace.Engine.Administration;

/// <summary>Records whose bodies are JSON.</summary>
public static class RecordBodies
{
    /// <summary>What the body says.</summary>
    /// <param name="record">The record.</param>
    /// <param name="type">What it is read as.</param>
    /// <exception cref="InvalidDataException">It is of another version of this program, or damaged. Never a <see cref="JsonException"/>, which would be taken for
    /// one about what somebody has just sent.</exception>
    public static T Read<T>(this StoredRecord record, JsonTypeInfo<T> type)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(record);
        try
        {
            return JsonSerializer.Deserialize(record.Body.Span, type) ?? throw new JsonException("null");
        }
        catch (JsonException unknown)
        {
            throw new InvalidDataException($"The record '{record.Id}' of the kind '{record.Kind}' holds nothing that this version can read.", unknown);
        }
    }
}
