using Millrace.Engine.Payments;

namespace Millrace.Tests.Api;

/// <summary>Answers no payment before it is told to.</summary>
internal sealed class HeldGateway : IPaymentGateway
{
    private int _asked;

    public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Asked => Volatile.Read(ref _asked);

    public async ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation)
    {
        Interlocked.Increment(ref _asked);
        await Answer.Task.WaitAsync(cancellation);
        return new PaymentOutcome.Succeeded("held:" + request.IdempotencyKey);
    }
}
