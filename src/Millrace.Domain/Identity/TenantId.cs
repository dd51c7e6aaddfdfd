namespace Millrace.Domain.Identity;

/// <summary>A merchant: 1 to 32 characters of <c>a-z 0-9 _ -</c>. Everything belongs to one.</summary>
public readonly record struct TenantId
{
    public const int MaxLength = 32;

    private TenantId(string value) => Value = value;

    public string Value { get; }

    public static bool TryParse(string? text, out TenantId id)
    {
        id = default;
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('_' or '-'))
                return false;
        }

        id = new TenantId(text);
        return true;
    }

    public static TenantId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a tenant id.");

    public override string ToString() => Value;
}
