using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Millrace.Api.Documentation;

/// <summary>
/// JSON schemas of the shapes, by reflection over their constructors: a parameter without a default is required, its attributes say what else holds.
/// The framework's own generator cannot refer from one component to another for types that no handler's signature shows.
/// </summary>
internal static class Schemas
{
    private const string Suffix = "Shape";

    /// <summary>A reference for a shape, which is added to the components when it is not there yet.</summary>
    public static IOpenApiSchema Of(Type type, Microsoft.OpenApi.OpenApiDocument document)
    {
        if (!type.Name.EndsWith(Suffix, StringComparison.Ordinal))
            return Plain(type, document);
        var name = NameOf(type);
        if (document.Components?.Schemas?.ContainsKey(name) != true)
            document.AddComponent<IOpenApiSchema>(name, Object(type, document));
        return new OpenApiSchemaReference(name, document);
    }

    public static string NameOf(Type type) => type.Name[..^Suffix.Length];

    private static OpenApiSchema Object(Type type, Microsoft.OpenApi.OpenApiDocument document)
    {
        var fields = type.GetConstructors().Single(c => c.GetParameters() is not [{ } only] || only.ParameterType != type).GetParameters();
        return new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = type.GetCustomAttribute<DescriptionAttribute>()?.Description,
            Properties = fields.ToDictionary(FieldName, field => Field(field, document), StringComparer.Ordinal),
            Required = fields.Where(field => !field.HasDefaultValue).Select(FieldName).ToHashSet(StringComparer.Ordinal),
        };
    }

    private static string FieldName(ParameterInfo field) => JsonNamingPolicy.SnakeCaseLower.ConvertName(field.Name!);

    private static IOpenApiSchema Field(ParameterInfo field, Microsoft.OpenApi.OpenApiDocument document)
    {
        var value = Nullable.GetUnderlyingType(field.ParameterType);
        var isNullable = value is not null || new NullabilityInfoContext().Create(field).WriteState == NullabilityState.Nullable;
        var schema = Of(value ?? field.ParameterType, document);
        if (schema is not OpenApiSchema own)
            return isNullable ? new OpenApiSchema { OneOf = [schema, new OpenApiSchema { Type = JsonSchemaType.Null }] } : schema;
        Describe(own, field);
        if (isNullable && own.Type is not null)
            own.Type |= JsonSchemaType.Null;
        return own;
    }

    private static void Describe(OpenApiSchema schema, ParameterInfo field)
    {
        schema.Description = field.GetCustomAttribute<DescriptionAttribute>()?.Description;
        if (field.GetCustomAttribute<AllowedValuesAttribute>() is { } words)
            schema.Enum = [.. words.Values.Select(word => (JsonNode)JsonValue.Create((string)word!)!)];
        if (field.GetCustomAttribute<RangeAttribute>() is { } range)
            (schema.Minimum, schema.Maximum) = (Number(range.Minimum), Number(range.Maximum));
        if (field.GetCustomAttribute<MaxLengthAttribute>() is { } most)
        {
            if (schema.Type == JsonSchemaType.Array)
                schema.MaxItems = most.Length;
            else
                schema.MaxLength = most.Length;
        }

        if (field is { HasDefaultValue: true, DefaultValue: { } value })
            schema.Default = JsonSerializer.SerializeToNode(value);
    }

    private static string Number(object limit) => ((IFormattable)limit).ToString("0", CultureInfo.InvariantCulture);

    private static OpenApiSchema Plain(Type type, Microsoft.OpenApi.OpenApiDocument document)
    {
        if (type.IsArray)
            return new OpenApiSchema { Type = JsonSchemaType.Array, Items = Of(type.GetElementType()!, document) };
        if (type == typeof(JsonElement))
            return new OpenApiSchema();
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>))
            return new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Of(type.GetGenericArguments()[1], document) };
        return Type.GetTypeCode(type) switch
        {
            TypeCode.String => new OpenApiSchema { Type = JsonSchemaType.String },
            TypeCode.Boolean => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            TypeCode.Int32 => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32" },
            TypeCode.Int64 => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
            TypeCode.Double => new OpenApiSchema { Type = JsonSchemaType.Number, Format = "double" },
            _ when type == typeof(DateTimeOffset) => new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time" },
            _ => throw new InvalidOperationException($"{type} has no schema."),
        };
    }
}
