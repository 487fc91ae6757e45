# One build description only: this file hands over to CMake (native/CMakeLists.txt), so that `node-gyp rebuild` gives the
# same build/Release/glpose.node as `npm install`.
{
  "targets": [{
    "target_name": "glpose_cmake",
    "type": "none",
    "actions": [{
      "action_name": "cmake_js",
      "inputs": ["native/CMakeLists.txt", "<!@(node native/build.js --list)"],
      "outputs": ["<(PRODUCT_DIR)/glpose.node"],
      "action": ["node", "native/build.js", "--from-gyp"]
    }]
  }]
}
