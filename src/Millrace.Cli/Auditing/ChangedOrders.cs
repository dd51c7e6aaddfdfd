using System.Threading.Channels;
using Millrace.Domain.Identity;

namespace Millrace.Cli.Auditing;

/// <summary>
/// A sample of the orders that have changed: whatever fits of what came since the last look. Each is looked at a little later, when a checkpoint has
/// shown the change to the store. Noted from any thread, at once; taken by one.
/// </summary>
internal sealed class ChangedOrders(TimeProvider time)
{
    // Ten turns' worth: what comes above it is left to the sweep.
    public const int MostWaiting = 512;

    // A checkpoint comes each second, and takes one at most.
    public static readonly TimeSpan LookAfter = TimeSpan.FromSeconds(5);

    private readonly Channel<(OrderId Order, long At)> _waiting = Channel.CreateBounded<(OrderId, long)>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });

    public void Note(OrderId order) => _waiting.Writer.TryWrite((order, time.GetTimestamp()));

    public bool TryTake(out OrderId order)
    {
        order = default;
        if (!_waiting.Reader.TryPeek(out var oldest) || time.GetElapsedTime(oldest.At) < LookAfter || !_waiting.Reader.TryRead(out oldest))
            return false;
        order = oldest.Order;
        return true;
    }
}
