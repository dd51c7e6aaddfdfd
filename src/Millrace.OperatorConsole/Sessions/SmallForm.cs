using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Millrace.OperatorConsole.Sessions;

/// <summary>Reads the forms of the console's own pages: whoever sends one need not be anybody yet.</summary>
internal static class SmallForm
{
    private const int MostBytes = 64 << 10;
    private const string MediaType = "application/x-www-form-urlencoded";

    /// <returns>The form, or what to answer instead.</returns>
    public static async Task<(IFormCollection? Form, IResult? Refusal)> ReadAsync(HttpContext http)
    {
        var request = http.Request;
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase))
            return Refuse(StatusCodes.Status415UnsupportedMediaType, $"Send {MediaType}.");
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = MostBytes;
        try
        {
            return (await request.ReadFormAsync(http.RequestAborted), null);
        }
        catch (BadHttpRequestException refused)
        {
            return Refuse(refused.StatusCode, refused.StatusCode == StatusCodes.Status413PayloadTooLarge ? $"At most {MostBytes} bytes are accepted." : "The form could not be read.");
        }
        catch (InvalidDataException)
        {
            return Refuse(StatusCodes.Status400BadRequest, "The form has too many fields, or too long names.");
        }
    }

    private static (IFormCollection?, IResult) Refuse(int status, string words) => (null, Results.Text(words, statusCode: status));
}
