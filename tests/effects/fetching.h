// The ways in which a page can ask for something.
#pragma once

namespace plenum::test {

// Where a page may say that something is to be fetched; % stands for the URL.
inline constexpr const char* kFetching[] = {
    "<img src='%'>",
    "<img srcset='% 2x'>",
    "<picture><source srcset='%'><img></picture>",
    "<link rel=stylesheet href='%'>",
    "<link rel=icon href='%'>",
    "<link rel=prefetch href='%'>",
    "<link rel=dns-prefetch href='%'>",
    "<style>@import url('%');</style>",
    "<style>@import '%';</style>",
    "<style>p{background:url(%)}</style>",
    "<style>li{list-style-image:url(%)}</style>",
    "<style>p::before{content:url(%)}</style>",
    "<style>p{cursor:url(%),auto}</style>",
    "<style>p{border-image:url(%) 1}</style>",
    "<style>@font-face{font-family:x;src:url(%)}p{font-family:x}</style>",
    "<p style='background-image:url(%)'>",
    "<table background='%'><tr><td background='%'>",
    "<body background='%'>",
    "<iframe src='%'></iframe>",
    "<frameset><frame src='%'></frameset>",
    "<object data='%'></object>",
    "<object classid='%' codebase='%'></object>",
    "<embed src='%'>",
    "<applet code='a' archive='%' codebase='%'></applet>",
    "<audio src='%' autoplay></audio>",
    "<video src='%' poster='%' autoplay></video>",
    "<script src='%'></script>",
    "<svg xmlns:xlink='http://www.w3.org/1999/xlink'><image xlink:href='%' width=9 "
    "height=9/></svg>",
    "<svg xmlns:xlink='http://www.w3.org/1999/xlink'><use xlink:href='%#a'/></svg>",
    "<input type=image src='%'>",
    "<base href='%'><img src='a.png'>",
    "<meta http-equiv=refresh content='0;url=%'>",
};

}  // namespace plenum::test
