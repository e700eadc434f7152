using System.Text;
using CodeZero.Hub.Registry.Domain;

namespace CodeZero.Hub.Registry.Tests;

public class SvgPolicyTests
{
    private const string Namespaces = "xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' xmlns:ink='http://www.inkscape.org/namespaces/inkscape'";

    [Theory]
    [InlineData("<path d='M0 0h1v1z' fill='url(#a)' style='fill:url( \"#a\" );stroke:#fff'/>")]
    [InlineData("<style>.a{fill:#fff;clip-path:url(#b)}</style><g class='a'/>")]
    [InlineData("<image xlink:href='data:image/png;base64,iVBORw0KGgo='/><use href='#a'/>")]
    [InlineData("<ink:grid script='x'/><metadata><ink:any/></metadata>")]
    [InlineData("<filter id='f'><feGaussianBlur stdDeviation='1'/></filter>")]
    public void A_still_image_is_shown(string content) => Assert.Null(Find($"<svg {Namespaces}>{content}</svg>"));

    [Fact]
    public void A_public_document_type_is_shown() =>
        Assert.Null(Find($"<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd\"><svg {Namespaces}/>"));

    [Theory]
    [InlineData("<script>1</script>")]
    [InlineData("<script xlink:href='#a'/>")]
    [InlineData("<g onload='x()'/>")]
    [InlineData("<g ONclick='x()'/>")]
    [InlineData("<foreignObject/>")]
    [InlineData("<a href='#x'/>")]
    [InlineData("<set attributeName='href' to='javascript:1'/>")]
    [InlineData("<animate attributeName='x' values='1;2'/>")]
    [InlineData("<image href='https://evil.example/x.png'/>")]
    [InlineData("<image xlink:href='//evil.example/x.png'/>")]
    [InlineData("<use href='data:image/svg+xml;base64,AAAA#x'/>")]
    [InlineData("<use href=' javascript:alert(1)'/>")]
    [InlineData("<g style='fill:url(https://evil.example)'/>")]
    [InlineData("<g fill='url( \"//evil.example/#a\")'/>")]
    [InlineData("<style>@import 'https://evil.example'</style>")]
    [InlineData("<style><![CDATA[g{fill:u\\72l(https://evil.example)}]]></style>")]
    [InlineData("<style>g{fill:url(#a);stroke:url(http://evil.example)}</style>")]
    [InlineData("<g xml:base='https://evil.example/'/>")]
    [InlineData("<?xml-stylesheet href='https://evil.example/x.css'?>")]
    [InlineData("<h:iframe xmlns:h='http://www.w3.org/1999/xhtml' src='#'/>")]
    [InlineData("<g><g><script/></g></g>")]
    public void Whatever_could_act_or_load_is_refused(string content) => Assert.NotNull(Find($"<svg {Namespaces}>{content}</svg>"));

    [Theory]
    [InlineData("<!DOCTYPE svg [<!ENTITY x '<script/>'>]><svg xmlns='http://www.w3.org/2000/svg'>&x;</svg>")]
    [InlineData("<!DOCTYPE svg [<!ATTLIST svg onload CDATA 'alert(1)'>]><svg xmlns='http://www.w3.org/2000/svg'/>")]
    [InlineData("<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><svg xmlns='http://www.w3.org/2000/svg'>&b;</svg>")]
    [InlineData("<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg xmlns='http://www.w3.org/2000/svg'>&x;</svg>")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'>&undeclared;</svg>")]
    [InlineData("<svg xmlns='http://www.w3.org/2000/svg'><g></svg>")]
    [InlineData("<svg")]
    [InlineData("")]
    public void Declarations_and_broken_images_are_refused(string svg) => Assert.NotNull(Find(svg));

    [Fact]
    public void The_place_is_told() => Assert.Equal((2, 2), Find("<svg xmlns='http://www.w3.org/2000/svg'>\n<script/></svg>") is { } found ? (found.Line, found.Column) : default);

    private static ActiveContent? Find(string svg) => SvgPolicy.Find(Encoding.UTF8.GetBytes(svg));
}
