(module
  (type (;0;) (func (param f32 f32) (result i64)))
  (type (;1;) (func (param i32 i32) (result f64 f32 f32)))
  (memory (;0;) 2 4)
  (global (;0;) (mut f32) f32.const inf (;=inf;))
  (global (;1;) f64 f64.const 0x0p+0 (;=0;))
  (global (;2;) (mut i32) i32.const 5)
  (func (;0;) (type 0) (param f32 f32) (result i64)
    (local i32 i32 f64 i64)
    block ;; label = @1
      block ;; label = @2
        global.get 2
        br_table 1 (;@1;)
      end
      local.get 2
      local.get 2
      local.get 2
      memory.fill
      br 0 (;@1;)
    end
    i32.const 1
    i32.const 1
    i32.load8_s offset=103662
    i32.shr_u
    if ;; label = @1
      i32.const 0
      local.get 2
      i32.shr_u
      global.get 2
      i32.const 0
      local.get 2
      select
      call 1
      local.set 0
      global.set 0
      local.set 4
      i32.const 96188
      global.get 1
      f64.store offset=34876 align=1
    end
    local.get 5
  )
  (func (;1;) (type 1) (param i32 i32) (result f64 f32 f32)
    unreachable
  )
)
