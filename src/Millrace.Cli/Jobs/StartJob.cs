using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Jobs;
using Millrace.Api.Keys;
using Millrace.Cli.Client;
using Millrace.Cli.Orders;

namespace Millrace.Cli.Jobs;

/// <summary><c>jobs start</c>: the filters are those of <c>orders list</c>, which shows what it will be about.</summary>
internal static class StartJob
{
    public static Command Create()
    {
        var action = new Argument<string>("action") { Description = $"{string.Join(", ", JobRules.Actions)}; retry lets a parked order go on" };
        action.AcceptOnlyFromAmong([.. JobRules.Actions]);
        var filters = ReadOrders.FilterOptions();
        var reason = new Option<string?>("--reason") { Description = "Why; noted with each order" };
        var rate = new Option<long?>("--rate") { Description = $"Most orders a second, 1 to {JobRules.MaxRate} [default: {JobRules.DefaultRate}]" };
        var limit = new Option<long?>("--limit") { Description = $"Most orders at all, 1 to {JobRules.MaxLimit} [default: {JobRules.DefaultLimit}]" };
        return Mutation.Create("start", "Begin with every order that matches the filters, the newest first; 'jobs get --watch' follows it", [action, .. filters, reason, rate, limit], arguments =>
        {
            var query = ReadOrders.Filters.Zip(filters, (name, option) => (Name: name, Value: arguments.GetValue(option))).Where(filter => filter.Value is not null).ToList();
            if (query.Count == 0)
                throw new UsageException("Say which orders, by one filter at least; --created-after 2000-01-01T00:00:00Z is all of them.");
            Require(rate.Name, arguments.GetValue(rate), JobRules.MaxRate);
            Require(limit.Name, arguments.GetValue(limit), JobRules.MaxLimit);
            var body = JsonBody.Of(w =>
            {
                w.WriteString("action", arguments.GetValue(action));
                w.WriteStartObject("query");
                query.ForEach(filter => Write(w, filter.Name, filter.Value!));
                w.WriteEndObject();
                w.WriteIfGiven("reason", arguments.GetValue(reason));
                w.WriteIfGiven("rate", arguments.GetValue(rate));
                w.WriteIfGiven("limit", arguments.GetValue(limit));
            });
            return new Change(ApiRequest.Post("/v1/jobs", body), Scopes.OpsWrite | JobRules.ScopeOf(arguments.GetValue(action)!))
            {
                // The list takes the same filters, and refuses those that the job would be refused for.
                Subjects = [new ChangeSubject("/v1/orders?limit=1" + string.Concat(query.Select(filter => $"&{filter.Name}={Uri.EscapeDataString(filter.Value!)}")))],
            };
        });
    }

    private static void Require(string name, long? value, int most)
    {
        if (value is { } number && (number < 1 || number > most))
            throw new UsageException($"{name} is 1 to {most}.");
    }

    private static void Write(Utf8JsonWriter writer, string name, string value)
    {
        if (name != "attention")
            writer.WriteString(name, value);
        else if (bool.TryParse(value, out var isWanted))
            writer.WriteBoolean(name, isWanted);
        else
            throw new UsageException("--attention is true or false.");
    }
}
