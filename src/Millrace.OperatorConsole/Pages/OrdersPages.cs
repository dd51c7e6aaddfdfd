using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Millrace.Client;
using Millrace.Client.Orders;
using Millrace.OperatorConsole.Sessions;

namespace Millrace.OperatorConsole.Pages;

/// <summary>Lists of orders, one order, and what is done with it.</summary>
internal static partial class OrdersPages
{
    public const string PlaceCurl = """
        curl -X POST -H "Authorization: Bearer $MILLRACE_KEY" -H "Idempotency-Key: $(uuidgen)" -H 'Content-Type: application/json' \
          -d '{"customer":{"id":"c-1"},"currency":"GBP","lines":[{"sku":"MUG","quantity":1}],"payment":{"token":"tok_visa"}}' $MILLRACE_URL/v1/orders
        """;

    private const int PageSize = 50;

    private static readonly (string Name, Func<Order, string?> Of)[] Columns =
    [
        ("id", one => one.Id), ("external_id", one => one.ExternalId), ("status", one => one.Status), ("payment_status", one => one.PaymentStatus),
        ("fulfillment_status", one => one.FulfillmentStatus), ("customer", one => one.Customer.Id), ("currency", one => one.Currency),
        ("total_minor", one => one.Total.ToString(CultureInfo.InvariantCulture)), ("placed_at", one => Export.Time(one.PlacedAt)), ("updated_at", one => Export.Time(one.UpdatedAt)),
        ("attention", one => one.Attention?.Code),
    ];

    public static readonly string[] Statuses =
        [OrderStatus.Pending, OrderStatus.Confirmed, OrderStatus.Completed, OrderStatus.Rejected, OrderStatus.Expired, OrderStatus.Canceled];

    public static async Task<IResult> ListAsync(HttpContext http, Session session)
    {
        var query = http.Request.Query;
        var search = query["q"].ToString().Trim();
        if (OrderOf().Match(search) is { Success: true } id)
            return Results.Redirect("/orders/" + id.Groups["order"].Value);
        var filter = new OrderFilter();
        var cursor = View.Given(query["cursor"]);
        var (words, isProblem) = View.Notice(http);
        var parameters = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Filter"] = filter, ["Search"] = search, ["Query"] = QueryOf(http), ["Cursor"] = cursor,
            ["Notice"] = words, ["IsProblem"] = isProblem,
        };
        try
        {
            parameters["Filter"] = filter = FilterOf(query);
            // First: it is one look, and a number that nobody has is looked for in many orders.
            if (search.Length > 0 && await FindByKeyAsync(session, search, http.RequestAborted) is { } found)
                return Results.Redirect("/orders/" + Uri.EscapeDataString(found.Id));
            parameters["Page"] = (await session.Api.Orders.ListPageAsync(filter, cursor, cancellation: http.RequestAborted)).Value;
        }
        catch (MillraceProblemException refused) when (refused.Status == StatusCodes.Status400BadRequest)
        {
            // What was typed into the filters: the page says so, with the filters still there.
            (parameters["Notice"], parameters["IsProblem"]) = (refused.Problem.Detail, true);
        }
        catch (FilterException odd)
        {
            (parameters["Notice"], parameters["IsProblem"]) = (odd.Message, true);
        }

        return View.Of<OrdersPage>(parameters);
    }

    public static Task<IResult> ExportAsync(HttpContext http, Session session) =>
        Export.SendAsync(http, session.Api.Orders.ListAsync(FilterOf(http.Request.Query) with { PageSize = Export.PageSize }, http.RequestAborted), "orders", Columns);

    private static async Task<Order?> FindByKeyAsync(Session session, string key, CancellationToken cancellation) =>
        (await session.Api.Orders.ListPageAsync(new OrderFilter { IdempotencyKey = key, PageSize = 1 }, cancellation: cancellation)).Value.Data.FirstOrDefault();

    public static async Task<IResult> ShowAsync(HttpContext http, Session session)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var events = session.Api.Orders.ListEventsAsync(id, cancellation: http.RequestAborted);
        // The last is how it is now.
        int? after = int.TryParse(http.Request.Query["after"], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number < (await events).Value.Data.Count ? number : null;
        var order = session.Api.Orders.GetAsync(id, version: after, cancellation: http.RequestAborted);
        var ledger = session.Api.Orders.GetLedgerAsync(id, cancellation: http.RequestAborted);
        await Task.WhenAll(order, events, ledger);
        var breaks = session.May("system:operate") && after is null
            ? await View.OrNothingAsync(call => session.Api.Reconciliation.ListBreaksAsync("all", order: id, options: call, cancellation: http.RequestAborted))
            : null;
        var dismissal = order.Result.Value.Attention is not null && after is null
            ? await View.OrNothingAsync(call => session.Api.Orders.GetDismissalAsync(id, call, http.RequestAborted))
            : null;
        var (notice, isProblem) = View.Notice(http);
        return View.Of<OrderPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Order"] = order.Result.Value, ["Events"] = events.Result.Value.Data, ["Ledger"] = ledger.Result.Value,
            ["Breaks"] = breaks?.Data ?? [], ["Dismissal"] = dismissal, ["After"] = after, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    public static Task<IResult> ActAsync(HttpContext http, Session session, IFormCollection form)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var orders = session.Api.Orders;
        var options = new CallOptions { IdempotencyKey = View.Given(form["key"]), IfMatch = View.Given(form["version"]) };
        var reason = View.Given(form["reason"]);
        var cancellation = http.RequestAborted;
        return View.ActAsync("/orders/" + id, () => (string)http.Request.RouteValues["act"]! switch
        {
            "cancel" => orders.CancelAsync(id, reason, options, cancellation),
            "hold" => orders.PlaceHoldAsync(id, new NewHold("operator", reason), options, cancellation),
            "release" => orders.ReleaseHoldAsync(id, (string)http.Request.RouteValues["part"]!, options, cancellation),
            "ship" => orders.ShipAsync(id, new Parcel(null, View.Given(form["tracking"])), options, cancellation),
            "deliver" => orders.DeliverAsync(id, options, cancellation),
            "refund" => orders.RefundAsync(id, new NewRefund(View.Given(form["amount"]) is { } amount ? long.Parse(amount, NumberStyles.None, CultureInfo.InvariantCulture) : null), options, cancellation),
            "resume" => orders.ResumeAsync(id, reason, options, cancellation),
            var other => throw new FormatException($"There is no {other}."),
        });
    }

    public static async Task<IResult> AttentionAsync(HttpContext http, Session session)
    {
        var isDismissed = IsGiven(http.Request.Query, "dismissed");
        var (code, cursor) = (View.Given(http.Request.Query["code"]), View.Given(http.Request.Query["cursor"]));
        var filter = new OrderFilter { NeedsAttention = true, AttentionCode = code, IsDismissed = isDismissed, PageSize = PageSize };
        var page = (await session.Api.Orders.ListPageAsync(filter, cursor, cancellation: http.RequestAborted)).Value;
        // A page that has all of them says it all.
        var groups = isDismissed || (code is null && cursor is null && !page.HasMore)
            ? null
            : await View.OrNothingAsync(call => session.Api.Orders.ListAttentionAsync(call, http.RequestAborted));
        var (notice, isProblem) = View.Notice(http);
        return View.Of<AttentionPage>(new(StringComparer.Ordinal)
        {
            ["Session"] = session, ["Page"] = page, ["Groups"] = groups?.Data, ["Code"] = code, ["IsDismissed"] = isDismissed, ["Notice"] = notice, ["IsProblem"] = isProblem,
        });
    }

    public static async Task<IResult> ResumeAsync(HttpContext http, Session session, IFormCollection form) =>
        View.Back(AttentionLink(form), await EachAsync(http, form, (id, options, token) => session.Api.Orders.ResumeAsync(id, View.Given(form["reason"]), options, token)));

    public static async Task<IResult> DismissAsync(HttpContext http, Session session, IFormCollection form) => View.Given(form["reason"]) is { } reason
        ? View.Back(AttentionLink(form), await EachAsync(http, form, (id, options, token) => session.Api.Orders.DismissAsync(id, reason, options, token)))
        : View.Back(AttentionLink(form), "Say why nobody needs to be asked about them.", isProblem: true);

    public static async Task<IResult> RestoreAsync(HttpContext http, Session session, IFormCollection form) =>
        View.Back(AttentionLink(true, View.Given(form["code"]), null), await EachAsync(http, form, session.Api.Orders.RestoreAsync));

    /// <summary>The page of those that wait for a person: for one reason, or for any.</summary>
    public static string AttentionLink(bool isDismissed, string? code, string? cursor) => "/attention" + QueryString.Create(new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["dismissed"] = isDismissed ? "true" : null, ["code"] = code, ["cursor"] = cursor,
    }.Where(part => part.Value is not null));

    private static string AttentionLink(IFormCollection form) => AttentionLink(false, View.Given(form["code"]), null);

    /// <summary>What is done with the orders that were marked in a list.</summary>
    public static async Task<IResult> BulkAsync(HttpContext http, Session session, IFormCollection form)
    {
        var orders = session.Api.Orders;
        var reason = View.Given(form["reason"]);
        // Only ever a query: whatever else a form says leads nowhere else.
        var back = "/orders" + (form["query"].ToString() is ['?', ..] query ? query : "");
        Func<string, CallOptions, CancellationToken, Task>? act = form["act"].ToString() switch
        {
            "cancel" => (id, options, token) => orders.CancelAsync(id, reason, options, token),
            "hold" => (id, options, token) => orders.PlaceHoldAsync(id, new NewHold("operator", reason), options, token),
            "resume" => (id, options, token) => orders.ResumeAsync(id, reason, options, token),
            _ => null,
        };
        return act is null || form["order"].Count == 0
            ? View.Back(back, "Mark orders first, then say what to do with them.", isProblem: true)
            : View.Back(back, await EachAsync(http, form, act));
    }

    // As many as a page has, one after the other: what they ask of the provider is not asked all at once.
    internal static async Task<(string Words, bool IsProblem)> EachAsync(HttpContext http, IFormCollection form, Func<string, CallOptions, CancellationToken, Task> act)
    {
        var (done, refused) = (0, 0);
        string? first = null;
        foreach (var id in form["order"].OfType<string>().Take(PageSize))
        {
            try
            {
                await act(id, new CallOptions { IdempotencyKey = $"{form["key"]}-{id}" }, http.RequestAborted);
                done++;
            }
            catch (MillraceProblemException problem)
            {
                refused++;
                first ??= $"{id}: {problem.Problem.Detail}";
            }
            catch (Exception away) when (away is HttpRequestException or TimeoutException)
            {
                return ($"Done for {done}, refused for {refused}. {id} was not answered for: whether it was done is not known, and the others were not asked for. {first}", true);
            }
        }

        return (refused == 0 ? $"Done for {done}." : $"Done for {done}, refused for {refused}. {first}", refused > 0);
    }

    /// <summary>What a list's address asks for.</summary>
    /// <exception cref="FilterException">Not understood: a filter that is left out would have everything match, also where something is done with all of it.</exception>
    public static OrderFilter FilterOf(IQueryCollection query) => new()
    {
        Status = View.Given(query["status"]),
        Customer = View.Given(query["customer"]),
        Sku = View.Given(query["sku"]),
        ExternalId = View.Given(query["q"]),
        NeedsAttention = IsGiven(query, "attention"),
        AttentionCode = View.Given(query["attention_code"]),
        CreatedAfter = IsGiven(query, "today") ? new DateTimeOffset(DateTimeOffset.UtcNow.UtcDateTime.Date, TimeSpan.Zero)
            : View.Given(query["created_after"]) is not { } after ? null
            : DateTimeOffset.TryParse(after, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time
            : throw new FilterException("created_after is a time such as 2026-01-31T12:00:00Z."),
        PageSize = PageSize,
    };

    private static bool IsGiven(IQueryCollection query, string name) =>
        View.Given(query[name]) switch { null or "false" => false, "true" => true, _ => throw new FilterException($"{name} is true or false.") };

    /// <summary>The next page of the same list.</summary>
    public static string Link(string query, string cursor)
    {
        var kept = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(query);
        kept["cursor"] = cursor;
        return "/orders" + QueryString.Create(kept);
    }

    // Without what was said of the last act.
    private static string QueryOf(HttpContext http) =>
        QueryString.Create(http.Request.Query.Where(part => part.Key is not ("notice" or "problem" or "seal"))).Value ?? "";

    // An id, or the key of a payment as the provider has it, which begins with one.
    [GeneratedRegex("^(?<order>ord_[0-9A-Z]{26})(:[a-z]+:[0-9]+)?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1_000)]
    private static partial Regex OrderOf();
}
