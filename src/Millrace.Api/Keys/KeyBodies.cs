using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Problems;

namespace Millrace.Api.Keys;

/// <summary>What a key is asked for with.</summary>
/// <param name="Client">The program that will hold it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="ExpiresAt">Its end; null for none.</param>
internal sealed record NewKeyBody(string Client, Scopes Scopes, DateTimeOffset? ExpiresAt);

internal static class KeyBodies
{
    private const int MaxClient = 100;
    private const int MaxScope = 32;
    private static readonly FieldSet NewKeyFields = new("name", "scopes", "expires_at");

    public static Problem? NewKey(ReadOnlySpan<byte> utf8, DateTimeOffset now, out NewKeyBody body)
    {
        var json = new StrictJson(utf8);
        string? client = null;
        var scopes = Scopes.None;
        DateTimeOffset? expires = null;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(NewKeyFields, ref seen) is { } field)
            {
                switch (field)
                {
                    case "name": client = ReadName(ref json); break;
                    case "scopes": scopes = ReadScopes(ref json); break;
                    default: expires = Later(ref json, now); break;
                }
            }

            json.Require(seen, NewKeyFields, 2);
        }

        json.End();
        body = new NewKeyBody(client ?? "", scopes, expires);
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }

    // A name that nobody can see names nobody.
    private static string? ReadName(ref StrictJson json)
    {
        var name = json.Text(MaxClient, TextRule.Id);
        if (name is null || !string.IsNullOrWhiteSpace(name))
            return name;
        json.Fault("too_short", "The name is blank.");
        return null;
    }

    private static Scopes ReadScopes(ref StrictJson json)
    {
        var scopes = Scopes.None;
        if (!json.Array())
            return scopes;
        for (var i = 0; json.Element(i); i++)
        {
            if (json.Text(MaxScope, TextRule.Code) is not { } name)
                continue;
            if (ScopeNames.TryParse([name], out var scope))
                scopes |= scope;
            else
                json.Fault("unknown_scope", $"There are: {string.Join(", ", ScopeNames.All)}.");
        }

        if (scopes == Scopes.None && !json.HasErrors)
            json.Fault("too_short", "A key needs a scope.");
        return scopes;
    }

    private static DateTimeOffset? Later(ref StrictJson json, DateTimeOffset now)
    {
        if (json.Text(35, TextRule.Id) is not { } text)
            return null;
        if (!Rfc3339.TryParse(text, out var unixMs))
        {
            json.Fault("invalid_format", "A time of RFC 3339 is expected, such as 2026-01-31T12:00:00Z.");
            return null;
        }

        var at = DateTimeOffset.FromUnixTimeMilliseconds(unixMs);
        if (at <= now)
            json.Fault("out_of_range", "The time is past.");
        return at;
    }
}
