using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;

namespace Millrace.Api.Limits;

/// <summary><c>/v1/tenants/{tenant}/limits</c>: for whoever runs the installation; a tenant sees his own in every answer's headers.</summary>
internal sealed class LimitEndpoints(RateLimits limits, AuditLog audit)
{
    private const long Most = 1_000_000_000;
    private static readonly FieldSet Fields = new("tenant", "key", "per_day");
    private static readonly FieldSet RateFields = new("per_second", "burst");

    public Task GetAsync(HttpContext http, Caller caller) =>
        Tenant(http) is { } tenant ? SendAsync(http, limits.SettingsOf(tenant)) : Answer.Problem(http, NoTenant);

    /// <summary>Sets them whole. A repeat changes nothing, so it needs no key.</summary>
    public async Task PutAsync(HttpContext http, Caller caller)
    {
        if (Tenant(http) is not { } tenant)
        {
            await Answer.Problem(http, NoTenant);
            return;
        }

        var (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: false);
        LimitSettings? settings = null;
        problem ??= Parse(utf8, out settings);
        if (problem is null)
        {
            try
            {
                await audit.AddAsync(() => limits.SettingsOf(tenant) == settings ? null : LimitRecords.Of(tenant, settings!, caller.Actor), http.RequestAborted);
                await SendAsync(http, settings!);
                return;
            }
            catch (StoreUnavailableException)
            {
                problem = new Problem(ProblemKinds.Unavailable, "Limits cannot be changed now.");
            }
        }

        await Answer.Problem(http, problem);
    }

    private static Problem NoTenant => new(ProblemKinds.NotFound, $"A tenant's name is 1 to {TenantId.MaxLength} characters of a-z 0-9 _ -");

    private static string? Tenant(HttpContext http) =>
        TenantId.TryParse((string)http.GetRouteValue("tenant")!, out var tenant) ? tenant.Value : null;

    private static Problem? Parse(ReadOnlySpan<byte> utf8, out LimitSettings settings)
    {
        var json = new StrictJson(utf8);
        Rate tenant = default, key = default;
        long? day = null;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(Fields, ref seen) is { } field)
            {
                switch (field)
                {
                    case "tenant": tenant = ReadRate(ref json); break;
                    case "key": key = ReadRate(ref json); break;
                    default: day = json.Whole(1, long.MaxValue); break;
                }
            }

            json.Require(seen, Fields, 2);
        }

        json.End();
        settings = new LimitSettings(tenant, key, day);
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }

    private static Rate ReadRate(ref StrictJson json)
    {
        long perSecond = 1, burst = 1;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(RateFields, ref seen) is { } field)
            {
                if (field == "per_second")
                    perSecond = json.Whole(1, Most);
                else
                    burst = json.Whole(1, Most);
            }

            json.Require(seen, RateFields, 2);
        }

        return new Rate(perSecond, burst);
    }

    private static Task SendAsync(HttpContext http, LimitSettings settings)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, StatusCodes.Status200OK, settings, static (w, s) =>
        {
            w.WriteStartObject();
            Write(w, "tenant"u8, s.Tenant);
            Write(w, "key"u8, s.Key);
            if (s.PerDay is { } day)
                w.WriteNumber("per_day"u8, day);
            else
                w.WriteNull("per_day"u8);
            w.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Rate rate)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("per_second"u8, rate.PerSecond);
        writer.WriteNumber("burst"u8, rate.Burst);
        writer.WriteEndObject();
    }
}
