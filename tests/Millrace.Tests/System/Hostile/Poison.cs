using System.Text;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>What parsers, stores and log readers have stumbled over before.</summary>
internal static class Poison
{
    /// <summary>In the place of a JSON value, as written there.</summary>
    public static readonly string[] JsonValues =
    [
        "null", "true", "false", "\"\"", "\" \"", "\"\\u3000\"", "\"\\u00a0\"", "[]", "{}", "[[]]", "[null]", "{\"\":1}", "\"true\"", "\"1\"",
        "0", "-0", "-1", "1", "1.0", "0.1", "1e2", "1E400", "-1e-400", "1e999999999", "0.1e-1", "2147483647", "2147483648", "-2147483649",
        "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "1000000000000000", "1000000000000001", "99999999999999999999999999999999999999", "01", "+1", ".5", "5.", "0x10", "NaN", "Infinity", "-", "1_000", "'a'", "undefined",
        "\"\\u0000\"", "\"a\\u0000b\"", "\"\\uD800\"", "\"\\uDC00\\uD800\"", "\"\\uD83D\\uDE00\"", "\"\\u202Egpj\"", "\"e\\u0301\\u0301\\u0301\"", "\"\\uFEFF\"", "\"\\uFFFF\"",
        "\"\\r\\nX-Evil: 1\"", "\"\\u0085\\u2028\\u2029\"", "\"\\x41\"", "\"\\u12\"", "\"\t\"", "\"unclosed", "\"\\", "/* c */ 1", "\"<script>\"", "\"'; DROP TABLE journal; --\"",
        "\"${jndi:ldap://127.0.0.1/a}\"", "\"{{7*7}}\"", "\"%s%n\"", "\"4111111111111111\"", "\"__proto__\"", "\"9999-12-31T23:59:59.9999999Z\"", "\"0001-01-01T00:00:00Z\"",
        "\"2026-02-30T00:00:00Z\"", "\"2090-01-01T00:00:00+99:99\"", "\"eur\"", "\"XXX\"", "\"JPY\"", "\"ord_x\"", "\"admin\"", "\"system:operate\"", "\"*\"", "\"../..\"",
    ];

    /// <summary>In the place of a parameter of the path or the query, already percent-encoded as far as it is.</summary>
    public static readonly string[] UrlParts =
    [
        "", "%20", ".", "..", "%2e%2e", "%2F", "%2f..%2f", "%252F", "%5C", "a%2Fb", "%C0%AF", "%FF", "%ED%A0%80", "%F0%9F%98%80", "%E2%80%AE", "%0D%0AX-Evil:%201", "%09", "%7F",
        "%", "%zz", "%u0041", "+", "a+b", "*", "~", "'", "\"", "<b>", "|", "^", "`", "{x}", "[]", ";a=b", "@", ":", "a:b", "null", "undefined", "-1", "0", "1e9",
        "99999999999999999999", "%EF%BC%91", "ord_x", "ord_", "ORD_00000000000000000000000000", "key_x", "hold_%00", "%00", "a%00b", "\u00e9", "\u00ff", "'%20OR%201=1--", "{{7*7}}",
    ];

    /// <summary>As the value of any header.</summary>
    public static readonly string[] HeaderValues =
    [
        "", " ", "\"", "\"\"", "\"a", "a\"", "\"a\\\"", "\"\\x\"", "a,b", ",", ";", "=", "*", "W/\"1\"", "\"1\"", "1", "-1", "0", "0.0001", "1e3", "99999999999999999999", "NaN", "null",
        "wait=0;wait=9", "wait=-1", "wait=", "wait=99999999999", "\u00e9", "\u00ff\u00fe", "\u00f0\u009f\u0098\u0080", "a\tb", "()", "<>", "${jndi:ldap://127.0.0.1/a}", "%00", "gzip", "identity", "chunked",
        "text/html", "application/json;q=0", "bytes=0-1", "Bearer", "Basic YTpi", "none.", "ord_x.1", ".1", "ord_00000000000000000000000000.99999999999",
    ];

    public static readonly string[] ContentTypes =
    [
        "", "text/plain", "application/xml", "application/json; charset=utf-16", "application/json; charset=\"utf-8\"", "application/json;charset=UTF-8", "application/json; charset=latin1", "application/jsonx",
        "application/json, text/plain", "application/x-ndjson", "application/problem+json", "APPLICATION/JSON", " application/json ", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "*/*",
    ];

    public static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "QUERY", "A"];

    /// <summary>Bytes in the middle of a text.</summary>
    public static readonly byte[][] Bytes =
    [
        [0], [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x1B, (byte)'['], [0xEF, 0xBB, 0xBF], [(byte)'"'], [(byte)'\\'], [(byte)','], [(byte)'}'], [(byte)']'],
        "{\"a\":"u8.ToArray(), "\r\n\r\n"u8.ToArray(), "\u0085\u2028"u8.ToArray(), Encoding.Unicode.GetBytes("{}"),
    ];

    public static string Deep(int depth, bool isArray) =>
        isArray ? new string('[', depth) + new string(']', depth) : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth);

    public static string Long(int length) => $"\"{new string('x', length)}\"";
}
