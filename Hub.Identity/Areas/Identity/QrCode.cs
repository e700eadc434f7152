using System.Globalization;
using System.Text;
using QRCoder;

namespace CodeZero.Hub.Identity.Areas.Identity;

/// <summary>A QR code (ISO/IEC 18004) as a path of a vector picture, with the light border that readers need.</summary>
/// <param name="Size">Width and height, in modules.</param>
/// <param name="Path">The dark modules, one stroke for each run in a row.</param>
internal sealed record QrCode(int Size, string Path)
{
    public static QrCode Of(string text)
    {
        using var generator = new QRCodeGenerator();
        using var code = generator.CreateQrCode(text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        for (var y = 0; y < code.ModuleMatrix.Count; y++)
            for (var x = 0; x < code.ModuleMatrix[y].Length; x++)
                if (code.ModuleMatrix[y][x])
                {
                    var from = x;
                    while (x + 1 < code.ModuleMatrix[y].Length && code.ModuleMatrix[y][x + 1])
                        x++;
                    path.Append(CultureInfo.InvariantCulture, $"M{from} {y}h{x - from + 1}v1h-{x - from + 1}z");
                }
        return new(code.ModuleMatrix.Count, path.ToString());
    }
}
