using System.Text;
using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.Webhooks;

public sealed class WebhookSignatureTests
{
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const long Time = 1_614_265_330;
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");
    private static readonly byte[] Secret = Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

    // The example of the specification's own libraries.
    [Fact]
    public void A_signature_is_what_other_implementations_make() =>
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", WebhookSignature.Of(Id, Time, Body, [Secret]));

    [Fact]
    public void While_a_secret_is_rotated_both_sign()
    {
        var other = new byte[32];
        Assert.Equal(
            $"{WebhookSignature.Of(Id, Time, Body, [other])} {WebhookSignature.Of(Id, Time, Body, [Secret])}", WebhookSignature.Of(Id, Time, Body, [other, Secret]));
    }

    [Fact]
    public void Id_time_and_body_are_signed()
    {
        string[] all =
        [
            WebhookSignature.Of(Id, Time, Body, [Secret]), WebhookSignature.Of(Id + "1", Time, Body, [Secret]), WebhookSignature.Of(Id, Time + 1, Body, [Secret]),
            WebhookSignature.Of(Id, Time, Body.AsSpan(1), [Secret]),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    [Fact]
    public void An_id_cannot_be_taken_for_another_id_and_time() =>
        Assert.Throws<ArgumentException>(() => WebhookSignature.Of("1.2", Time, Body, [Secret]));
}
