using System.CommandLine;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary><c>events tail</c> without an order: what happens to all of the tenant's, from page to page of the feed.</summary>
internal sealed class TailEvents
{
    private const string Now = "now";
    private const string Start = "start";
    private const int PageSize = 200;

    private readonly Option<string> _from = new("--from") { Description = "now, start (the oldest event that is kept), or the cursor that an earlier run ended with", DefaultValueFactory = _ => Now };
    private readonly Option<string?> _type = new("--type") { Description = "Only events of these types, separated by commas, such as order.confirmed.v1" };
    private readonly Option<int?> _limit = new("--limit") { Description = "End after so many events [default: when stopped]" };

    public Symbol[] Options => [_from, _type, _limit];

    public bool HasOptions(ParseResult arguments) => Options.Any(option => arguments.GetResult((Option)option) is { Implicit: false });

    public ApiRequest Request(ParseResult arguments) => Page(arguments, arguments.GetValue(_from) is var from && from == Start ? null : from);

    public async Task<int> RunAsync(MillraceClient client, ApiRequest request, ParseResult arguments, Output output, TimeSpan pause, CancellationToken cancellation)
    {
        var limit = arguments.GetValue(_limit);
        if (limit < 1)
            throw new UsageException($"{_limit.Name} is above zero.");
        var left = limit;
        await using var pipe = Terminal.IsTerminal(arguments.InvocationConfiguration.Output) ? null : Terminal.OpenPipe(arguments.InvocationConfiguration.Output);
        var writer = pipe ?? arguments.InvocationConfiguration.Output;
        string? cursor = null;
        try
        {
            while (left != 0)
            {
                var page = (await client.SendAsync(request, cancellation)).Body;
                foreach (var told in page.Rows().Take(left ?? int.MaxValue))
                {
                    writer.WriteLine(output.Of(arguments) == OutputFormat.Table ? Words(told) : Output.Lines(new Shown.One(told))[0]);
                    left--;
                }

                writer.Flush();
                cursor = page.Text("next_cursor");
                request = Page(arguments, cursor);
                if (left != 0 && page.Find("has_more") is not { ValueKind: JsonValueKind.True })
                    await Task.Delay(pause, cancellation);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // It has no other end.
        }
        catch (ApiException gone) when (gone.Status == StatusCodes.Status410Gone)
        {
            cursor = null;
            throw;
        }
        finally
        {
            // Also when the server is away for longer than is waited. At the limit the page may go on behind it: the next run would miss that.
            if (cursor is not null && left != 0)
                await arguments.InvocationConfiguration.Error.WriteLineAsync($"Go on with --from {cursor}");
        }

        return Acting.Done;
    }

    private ApiRequest Page(ParseResult arguments, string? after)
    {
        var query = $"/v1/events?limit={PageSize}";
        if (after is not null)
            query += "&after=" + Uri.EscapeDataString(after);
        if (arguments.GetValue(_type) is { } type)
            query += "&type=" + Uri.EscapeDataString(type);
        return ApiRequest.Get(query);
    }

    private static string Words(JsonElement told) =>
        $"{told.Text("time")}  {told.Text("subject")}  {told.Text("sequence"),3}  {told.Text("type"),-32}  {told.Find("data")?.Find("data")?.GetRawText()}";
}
