using System.Collections;
using System.Reflection;
using System.Text;
using Millrace.Domain.Identity;
using Millrace.Domain.Money;

namespace Millrace.Tests.Engine.Harness;

/// <summary>All of a value as text: records with arrays compare by reference, their texts by content.</summary>
internal static class Describe
{
    public static string Text(object? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    private static void Append(StringBuilder text, object? value)
    {
        switch (value)
        {
            case null: text.Append("null"); break;
            case string s: text.Append('"').Append(s).Append('"'); break;
            case ReadOnlyMemory<byte> bytes: text.Append(Convert.ToHexStringLower(bytes.Span)); break;
            case OrderId or TenantId or Currency or Enum or UInt128: text.Append(value); break;
            case IEnumerable items:
                text.Append('[');
                foreach (var item in items)
                    Append(text.Append(' '), item);
                text.Append(" ]");
                break;
            default: Properties(text, value); break;
        }
    }

    private static void Properties(StringBuilder text, object value)
    {
        var type = value.GetType();
        if (type.IsPrimitive)
        {
            text.Append(value);
            return;
        }

        text.Append(type.Name).Append('{');
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0))
            Append(text.Append(' ').Append(property.Name).Append('='), property.GetValue(value));
        text.Append(" }");
    }
}
