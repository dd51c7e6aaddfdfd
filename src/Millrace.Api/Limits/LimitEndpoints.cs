using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;

namespace Millrace.Api.Limits;

/// <summary><c>/v1/tenants…/limits</c>: for whoever runs the installation; a tenant sees his own in every answer's headers.</summary>
internal sealed class LimitEndpoints(RateLimits limits, AuditLog audit, TimeProvider time)
{
    private const int MostListed = 200;
    private const long Most = 1_000_000_000;
    private static readonly FieldSet Fields = new("tenant", "key", "per_day");
    private static readonly FieldSet RateFields = new("per_second", "burst");

    public Task GetAsync(HttpContext http, Caller caller) =>
        Tenant(http) is { } tenant ? SendAsync(http, limits.SettingsOf(tenant)) : Answer.Problem(http, NoTenant);

    /// <summary>Of whom has come by at this node since it started, those that are nearest to their limits first.</summary>
    public Task ListAsync(HttpContext http, Caller caller)
    {
        var (now, unixMs) = (limits.Now, time.GetUtcNow().ToUnixTimeMilliseconds());
        var rows = limits.Tenants.Select(tenant => new LimitUse(tenant.Key, tenant.Value.Settings, tenant.Value.Bucket.Available(now), tenant.Value.Daily.Used(unixMs)))
            .OrderBy(use => use.Left).ThenBy(use => use.Tenant, StringComparer.Ordinal).Take(MostListed);
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, StatusCodes.Status200OK, rows, static (w, uses) =>
        {
            w.WriteStartObject();
            w.WriteData(uses, static (each, use) =>
            {
                each.WriteStartObject();
                each.WriteString("name"u8, use.Tenant);
                each.WritePropertyName("limits"u8);
                Write(each, use.Settings);
                each.WriteNumber("available"u8, use.Available.Now);
                each.WriteNumber("available_of"u8, use.Available.Most);
                each.WriteNumberOrNull("used_today"u8, use.UsedToday);
                each.WriteEndObject();
            });
            w.WriteEndObject();
        });
    }

    /// <summary>Sets them whole, also to what are the defaults now: those may change. A repeat changes nothing, so it needs no key.</summary>
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
                await audit.AddAsync(() => limits.SetFor(tenant) == settings ? null : LimitRecords.Of(tenant, settings!, caller.Actor), http.RequestAborted);
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
        return Answer.Json(http, StatusCodes.Status200OK, settings, Write);
    }

    private static void Write(Utf8JsonWriter writer, LimitSettings settings)
    {
        writer.WriteStartObject();
        Write(writer, "tenant"u8, settings.Tenant);
        Write(writer, "key"u8, settings.Key);
        writer.WriteNumberOrNull("per_day"u8, settings.PerDay);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> name, Rate rate)
    {
        writer.WriteStartObject(name);
        writer.WriteNumber("per_second"u8, rate.PerSecond);
        writer.WriteNumber("burst"u8, rate.Burst);
        writer.WriteEndObject();
    }
}

/// <param name="Available">Requests that may come at once at this node, now and when it was left alone.</param>
/// <param name="UsedToday">Null where no number a day is set.</param>
internal sealed record LimitUse(string Tenant, LimitSettings Settings, (long Now, long Most) Available, long? UsedToday)
{
    /// <summary>1 for all of it, 0 for nothing.</summary>
    public double Left => Math.Min((double)Available.Now / Available.Most, Settings.PerDay is { } day ? 1 - ((double)UsedToday.GetValueOrDefault() / day) : 1);
}
