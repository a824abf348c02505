# The second way to build the addon: node-gyp, on the same sources (docs/decisions/0002-two-build-paths.md).
# Run it with `npm run build:gyp`: that finds LibTorch and keeps node-gyp out of cmake-js's build/ folder.
{
  "variables": {
    "facts": "node <!(node -p \"process.env.DRMGUARD_ROOT || process.cwd()\")/scripts/install/gyp-facts.mjs",
  },
  "targets": [
    {
      "target_name": "drmguard",
      "sources": ["<!@(<(facts) sources)"],
      "dependencies": ["<!(node -p \"require('node-addon-api').targets\"):node_addon_api_except_all"],
      "include_dirs": ["<!@(<(facts) include)"],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
        "DRMGUARD_VERSION=\"<!(<(facts) version)\"",
        "<!@(<(facts) defines)",
      ],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-fvisibility-inlines-hidden", "<!@(<(facts) system-include)"],
      "ldflags": ["-Wl,-z,now", "<!@(<(facts) ldflags)"],
      "libraries": ["<!@(<(facts) libraries)"],
      "xcode_settings": {
        "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
        "GCC_ENABLE_CPP_RTTI": "YES",
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "OTHER_CPLUSPLUSFLAGS": ["<!@(<(facts) system-include)"],
        "OTHER_LDFLAGS": ["<!@(<(facts) ldflags)"],
      },
    }
  ]
}
