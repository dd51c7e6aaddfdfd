using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Tenants;

/// <summary><c>millrace tenants list|paused|pause|resume</c> and <c>limits get|set</c>: whose orders are taken, and how much a merchant may ask for. Needs a key with the scope <c>system:operate</c>.</summary>
internal static class TenantsCommand
{
    public static Command Create() => new("tenants", "Look after merchants")
    {
        Reading.Rows("list", "Show what merchants use of their limits, the nearest to them first", [], _ => ApiRequest.Get("/v1/tenants"),
            "name", "available#", "available_of#", "limits.tenant.per_second#", "used_today#", "limits.per_day#"),
        Reading.Rows("paused", "List the merchants of whom no new order is taken", [], _ => ApiRequest.Get("/v1/tenants/paused"), Pausing.Columns),
        Pause("pause", "Take no new order of a merchant until he is resumed; what was taken goes on", HttpMethod.Put),
        Pause("resume", "Take orders of a paused merchant again", HttpMethod.Delete),
        new Command("limits", "How much a merchant may ask for (docs/limits.md)") { Get(), Set() },
    };

    private static string Path(string tenant) => $"/v1/tenants/{Uri.EscapeDataString(tenant)}/limits";

    private static Command Pause(string name, string description, HttpMethod method) => Pausing.Create(
        name, description, method, TenantArgument(), "/v1/tenants", static tenant => $"'{tenant}' has not come by at the asked node since it started: is the name right?");

    private static Argument<string> TenantArgument() => new("tenant") { Description = "The merchant's name" };

    private static Command Get()
    {
        var tenant = TenantArgument();
        return Reading.One("get", "Show a merchant's limits", [tenant], arguments => ApiRequest.Get(Path(arguments.GetValue(tenant)!)));
    }

    private static Command Set()
    {
        var tenant = TenantArgument();
        var all = new Option<string>("--all-keys") { Description = "PER_SECOND:BURST requests of all keys together", Required = true };
        var each = new Option<string>("--each-key") { Description = "PER_SECOND:BURST requests of each key", Required = true };
        var day = new Option<long?>("--per-day") { Description = "Requests a day of UTC, all keys together [default: no such limit]" };
        return Mutation.Setting("set", "Set a merchant's limits, whole: what is not given is no limit. All nodes follow within a second", [tenant, all, each, day], arguments =>
        {
            var (together, single) = (Rate.Parse(all, arguments), Rate.Parse(each, arguments));
            var body = JsonBody.Of(w =>
            {
                together.Write(w, "tenant");
                single.Write(w, "key");
                w.WriteIfGiven("per_day", arguments.GetValue(day));
            });
            var path = Path(arguments.GetValue(tenant)!);
            return new Change(new ApiRequest(HttpMethod.Put, path, body), Scopes.SystemOperate) { Subjects = [new ChangeSubject(path)] };
        });
    }

    private readonly record struct Rate(long PerSecond, long Burst)
    {
        public static Rate Parse(Option<string> option, ParseResult arguments)
        {
            var text = arguments.GetValue(option)!;
            var parts = text.Split(':');
            return parts.Length == 2
                && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var rate)
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var burst)
                ? new Rate(rate, burst)
                : throw new UsageException($"{option.Name} '{text}' is no rate: write PER_SECOND:BURST, such as 500:1000.");
        }

        public void Write(Utf8JsonWriter writer, string name)
        {
            writer.WriteStartObject(name);
            writer.WriteNumber("per_second", PerSecond);
            writer.WriteNumber("burst", Burst);
            writer.WriteEndObject();
        }
    }
}
