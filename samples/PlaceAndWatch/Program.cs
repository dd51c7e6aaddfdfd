// Places an order, watches it until it is confirmed, and lists what the customer has ordered.
//
//     ./millrace demo                                   # prints MILLRACE_URL and MILLRACE_KEY
//     dotnet run --project samples/PlaceAndWatch MUG    # the SKU to order
using Millrace.Client;
using Millrace.Client.Orders;

if (args is not [var sku] || Environment.GetEnvironmentVariable("MILLRACE_KEY") is not { } key)
{
    Console.Error.WriteLine("Usage: PlaceAndWatch SKU, with MILLRACE_KEY and, if it is not http://127.0.0.1:8080, MILLRACE_URL in the environment.");
    return 2;
}

var server = new Uri(Environment.GetEnvironmentVariable("MILLRACE_URL") ?? "http://127.0.0.1:8080");
using var millrace = new MillraceClient(new MillraceClientOptions { BaseAddress = server, ApiKey = key });
using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
try
{
    // The item says in which currency it is sold.
    var item = (await millrace.Items.GetAsync(sku, cancellation: patience.Token)).Value;
    var placed = await millrace.Orders.PlaceAsync(new NewOrder
    {
        Customer = new NewCustomer("sample"),
        Currency = item.Currency,
        Lines = [new NewOrderLine(sku, 1)],
        Payment = new NewPayment("tok_visa"),
    }, cancellation: patience.Token);

    // It is durable from here on. The rest is looking.
    await foreach (var order in millrace.Orders.WatchAsync(placed.Value.Id, TimeSpan.FromMilliseconds(50), patience.Token))
    {
        Console.WriteLine($"{order.Id} is {order.Status}, version {order.Version}");
        if (order.Status == OrderStatus.Confirmed)
            break;
    }

    // The token makes the list show at least what was placed, though lists may be a moment late.
    var filter = new OrderFilter { Customer = "sample", ConsistencyToken = placed.ConsistencyToken };
    await foreach (var order in millrace.Orders.ListAsync(filter, patience.Token))
        Console.WriteLine($"{order.Id} {order.Total} {order.Currency} {order.Status}");
    return 0;
}
catch (MillraceProblemException refused)
{
    Console.Error.WriteLine(refused.Message);
    return 1;
}
