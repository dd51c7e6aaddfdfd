using System.Buffers.Text;
using System.Text;

namespace Millrace.Api.Items;

/// <summary>Where the next page of a catalog begins: its last SKU. Opaque to clients; no secret, as it is the client's own.</summary>
internal static class ItemCursor
{
    private const byte Version = 1;

    public static string Write(string sku) => Base64Url.EncodeToString([Version, .. Encoding.ASCII.GetBytes(sku)]);

    public static bool TryRead(string cursor, out string sku)
    {
        sku = "";
        if (!Base64Url.IsValid(cursor) || Base64Url.DecodeFromChars(cursor) is not [Version, .. var text])
            return false;
        sku = Encoding.ASCII.GetString(text);
        return ItemBody.IsSku(sku);
    }
}
