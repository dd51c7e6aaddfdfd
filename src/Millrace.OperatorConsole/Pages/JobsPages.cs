using System.Globalization;
using Microsoft.AspNetCore.Http;
using Millrace.Client;
using Millrace.Client.Jobs;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>Jobs: what is done with every order that matches.</summary>
internal static class JobsPages
{
    public const string StartCurl = """
        curl -X POST -H "Authorization: Bearer $MILLRACE_KEY" -H "Idempotency-Key: $(uuidgen)" -H 'Content-Type: application/json' \
          -d '{"action":"retry","query":{"attention":true}}' $MILLRACE_URL/v1/jobs
        """;

    /// <summary>What a job may do, in words, and what the key must allow beside ops:write.</summary>
    public static readonly (string Action, string Words, string Scope)[] Actions =
    [
        ("cancel", "Cancel", "orders:write"), ("hold", "Hold", "orders:write"), ("release", "Release all holds", "orders:write"), ("retry", "Try again", "ops:write"),
    ];

    private const int PageSize = 50;

    public static async Task<IResult> ListAsync(HttpContext http, Session session)
    {
        var jobs = await session.Api.Jobs.ListAsync(cancellation: http.RequestAborted);
        var (notice, isProblem) = View.Notice(http);
        return View.Of<JobsPage>(new(StringComparer.Ordinal) { ["Session"] = session, ["Jobs"] = jobs.Value.Data, ["Notice"] = notice, ["IsProblem"] = isProblem });
    }

    public static async Task<IResult> ShowAsync(HttpContext http, Session session)
    {
        var id = (string)http.Request.RouteValues["job"]!;
        var cursor = View.Given(http.Request.Query["cursor"]);
        var job = session.Api.Jobs.GetAsync(id, cancellation: http.RequestAborted);
        var results = session.Api.Jobs.ListResultsAsync(id, cursor, PageSize, cancellation: http.RequestAborted);
        await Task.WhenAll(job, results);
        var (notice, isProblem) = View.Notice(http);
        return View.Of<JobPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Job"] = job.Result.Value, ["Results"] = results.Result.Value, ["Cursor"] = cursor, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    /// <summary>Asks once more, with what it will be about, before anything begins.</summary>
    public static async Task<IResult> ConfirmAsync(HttpContext http, Session session)
    {
        var query = http.Request.Query;
        var filter = OrdersPages.FilterOf(query) with { PageSize = 1 };
        var first = await session.Api.Orders.ListPageAsync(filter, cancellation: http.RequestAborted);
        var (notice, isProblem) = View.Notice(http);
        return View.Of<StartJobPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Query"] = QueryOf(query), ["IsAny"] = first.Value.Data.Count > 0 || first.Value.HasMore, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    public static async Task<IResult> StartAsync(HttpContext http, Session session, IFormCollection form)
    {
        var given = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(form["query"]);
        var back = "/operations/new" + QueryString.Create(given);
        if (form["sure"] != "yes")
            return View.Back(back, "Say that you mean all of them.", isProblem: true);
        if (!TryNumber(form["rate"], out var rate) || !TryNumber(form["limit"], out var limit))
            return View.Back(back, "Rate and limit are numbers.", isProblem: true);
        try
        {
            var started = await session.Api.Jobs.StartAsync(
                new NewJob(form["action"].ToString(), QueryOf(new QueryCollection(given)), View.Given(form["reason"]), rate, limit),
                new CallOptions { IdempotencyKey = View.Given(form["key"]) }, http.RequestAborted);
            return View.Back("/operations/" + started.Value.Id, "It has begun.", isProblem: false);
        }
        catch (MillraceProblemException refused)
        {
            return View.Back(back, refused.Problem.Detail ?? refused.Code, isProblem: true);
        }
    }

    public static Task<IResult> ControlAsync(HttpContext http, Session session, IFormCollection form)
    {
        var id = (string)http.Request.RouteValues["job"]!;
        var options = new CallOptions { IdempotencyKey = View.Given(form["key"]) };
        return View.ActAsync("/operations/" + Uri.EscapeDataString(id), () => (string)http.Request.RouteValues["verb"]! switch
        {
            "pause" => session.Api.Jobs.PauseAsync(id, options, http.RequestAborted),
            "resume" => session.Api.Jobs.ResumeAsync(id, options, http.RequestAborted),
            "cancel" => session.Api.Jobs.CancelAsync(id, options, http.RequestAborted),
            var other => throw new FormatException($"There is no {other}."),
        });
    }

    /// <summary>The filters of a job in words.</summary>
    public static string Words(JobQuery query)
    {
        (string Name, string? Value)[] filters =
        [
            ("status", query.Status), ("customer", query.Customer), ("number", query.ExternalId), ("SKU", query.Sku),
            ("placed after", query.CreatedAfter?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture)),
            ("waiting for a person", query.Attention is { } attention ? attention ? "yes" : "either way" : null),
            ("waiting because of", query.AttentionCode),
        ];
        return string.Join(", ", filters.Where(filter => filter.Value is not null).Select(filter => $"{filter.Name}: {filter.Value}"));
    }

    /// <summary>The same as a list's address has them, with the moment that "today" began.</summary>
    public static string Address(JobQuery query) => QueryString.Create(new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["status"] = query.Status, ["customer"] = query.Customer, ["q"] = query.ExternalId, ["sku"] = query.Sku,
        ["created_after"] = query.CreatedAfter?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), ["attention"] = query.Attention == true ? "true" : null,
        ["attention_code"] = query.AttentionCode,
    }.Where(part => part.Value is not null)).Value ?? "";

    // What the list of orders is asked with, as a job is.
    private static JobQuery QueryOf(IQueryCollection query)
    {
        var filter = OrdersPages.FilterOf(query);
        return new JobQuery(filter.Status, filter.Customer, filter.ExternalId, filter.Sku, filter.CreatedAfter, filter.NeedsAttention ? true : null, filter.AttentionCode);
    }

    private static bool TryNumber(string? text, out int? number)
    {
        number = null;
        if (View.Given(text) is not { } given)
            return true;
        if (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return false;
        number = value;
        return true;
    }
}
