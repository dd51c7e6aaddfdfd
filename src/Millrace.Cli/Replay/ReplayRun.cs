using System.Threading.Channels;
using Millrace.Cli.Client;

namespace Millrace.Cli.Replay;

/// <summary>
/// Sends invoices as orders and cancellations: one reader, many senders, a bounded queue between them. A cancellation
/// waits for its own order only, which stands before it in the queue and is therefore sent or being sent.
/// </summary>
internal sealed class ReplayRun(MillraceClient client, RejectsFile rejects, Pace pace, int concurrency)
{
    private readonly CancellationMatcher _matcher = new();
    private long _done;
    private int _replayed;

    public List<PlacedOrder> Orders { get; } = [];

    public ReplayCounts Counts { get; } = new();

    public long Done => Volatile.Read(ref _done);

    /// <summary>Answers that the server had given in an earlier run.</summary>
    public int Replayed => _replayed;

    public async Task RunAsync(IEnumerable<Invoice> invoices, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var queue = Channel.CreateBounded<Job>(new BoundedChannelOptions(concurrency * 4) { SingleWriter = true });
        var senders = Enumerable.Range(0, concurrency).Select(_ => Task.Run(() => SendAllAsync(queue.Reader, stop))).ToArray();
        try
        {
            await ReadAllAsync(invoices, queue.Writer, stop.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // A sender gave up and stopped the reader: what it says, below, is the reason.
        }
        finally
        {
            queue.Writer.TryComplete();
            await Task.WhenAll(senders);
        }
    }

    private async Task ReadAllAsync(IEnumerable<Invoice> invoices, ChannelWriter<Job> queue, CancellationToken cancellation)
    {
        foreach (var invoice in invoices)
        {
            Counts.Lines += invoice.Lines.Count + invoice.Rejected.Count;
            foreach (var line in invoice.Rejected)
                rejects.Add(line);
            if (Plan(invoice) is { } job)
            {
                await pace.WaitAsync(invoice.Date, cancellation);
                await queue.WriteAsync(job, cancellation);
            }
            else
            {
                Interlocked.Increment(ref _done);
            }
        }
    }

    private Job? Plan(Invoice invoice)
    {
        if (invoice.Lines.Count == 0)
            return null;
        if (!invoice.IsCancellation)
        {
            var order = new PlacedOrder(invoice);
            Orders.Add(order);
            _matcher.Add(invoice, order);
            return new Job(invoice, order);
        }

        if (_matcher.Take(invoice) is { } original)
            return new Job(invoice, original);
        rejects.AddAll(invoice, RejectReason.ReturnNotSupported, "No earlier order of this customer has exactly these units; returns come later.");
        return null;
    }

    private async Task SendAllAsync(ChannelReader<Job> queue, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var job in queue.ReadAllAsync(stop.Token))
            {
                await (job.Invoice.IsCancellation ? CancelAsync(job, stop.Token) : PlaceAsync(job, stop.Token));
                Interlocked.Increment(ref _done);
            }
        }
        catch
        {
            // The reader and the other senders must not wait for this one.
            await stop.CancelAsync();
            throw;
        }
    }

    private async Task PlaceAsync(Job job, CancellationToken cancellation)
    {
        try
        {
            var answer = await client.PostAsync("/v1/orders", SalesJson.Order(job.Invoice), ReplayKeys.Place(job.Invoice.Number), cancellation);
            Note(answer);
            job.Order.Accepted(answer.Body.Text("id") ?? throw new InvalidDataException("The server's order has no id."));
            Counts.AddOrdered(job.Invoice);
        }
        catch (ApiException e) when (!e.IsTransient)
        {
            job.Order.State = "refused";
            job.Order.IsSettled = true;
            rejects.AddAll(job.Invoice, RejectReason.Refused(e.Code), e.Message);
        }
        finally
        {
            // Whatever happened, a cancellation that waits must not wait for ever; without effect once accepted.
            job.Order.Refused();
        }
    }

    private async Task CancelAsync(Job job, CancellationToken cancellation)
    {
        if (await job.Order.Id.WaitAsync(cancellation) is not { } id)
        {
            rejects.AddAll(job.Invoice, RejectReason.Refused("order_not_placed"));
            return;
        }

        try
        {
            var body = JsonBody.Of(w => w.WriteString("reason", "invoice " + job.Invoice.Number));
            Note(await client.PostAsync($"/v1/orders/{id}/cancel", body, ReplayKeys.Cancel(job.Invoice.Number), cancellation));
            Counts.AddCanceled(job.Invoice);
        }
        catch (ApiException e) when (!e.IsTransient)
        {
            rejects.AddAll(job.Invoice, RejectReason.Refused(e.Code), e.Message);
        }
    }

    private void Note(in ApiAnswer answer)
    {
        if (answer.IsReplayed)
            Interlocked.Increment(ref _replayed);
    }

    /// <param name="Invoice">The order's own, or the cancellation's.</param>
    /// <param name="Order">To be placed, or to be taken back.</param>
    private sealed record Job(Invoice Invoice, PlacedOrder Order);
}
