;; AArch64: copysign of two values that lie on the stack took the sign's register for its own. More values than registers.
(module
  (func $signs (export "signs") (param f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32 f32) (result f32)
    f32.const 0
    local.get 0
    local.get 7
    f32.copysign
    f32.const 1
    f32.mul
    f32.add
    local.get 1
    local.get 8
    f32.copysign
    f32.const 2
    f32.mul
    f32.add
    local.get 2
    local.get 9
    f32.copysign
    f32.const 3
    f32.mul
    f32.add
    local.get 3
    local.get 10
    f32.copysign
    f32.const 4
    f32.mul
    f32.add
    local.get 4
    local.get 11
    f32.copysign
    f32.const 5
    f32.mul
    f32.add
    local.get 5
    local.get 12
    f32.copysign
    f32.const 6
    f32.mul
    f32.add
    local.get 6
    local.get 13
    f32.copysign
    f32.const 7
    f32.mul
    f32.add
    local.get 7
    local.get 14
    f32.copysign
    f32.const 8
    f32.mul
    f32.add
    local.get 8
    local.get 15
    f32.copysign
    f32.const 9
    f32.mul
    f32.add
    local.get 9
    local.get 16
    f32.copysign
    f32.const 10
    f32.mul
    f32.add
    local.get 10
    local.get 17
    f32.copysign
    f32.const 11
    f32.mul
    f32.add
    local.get 11
    local.get 18
    f32.copysign
    f32.const 12
    f32.mul
    f32.add
    local.get 12
    local.get 19
    f32.copysign
    f32.const 13
    f32.mul
    f32.add
    local.get 13
    local.get 20
    f32.copysign
    f32.const 14
    f32.mul
    f32.add
    local.get 14
    local.get 21
    f32.copysign
    f32.const 15
    f32.mul
    f32.add
    local.get 15
    local.get 22
    f32.copysign
    f32.const 16
    f32.mul
    f32.add
    local.get 16
    local.get 23
    f32.copysign
    f32.const 17
    f32.mul
    f32.add
    local.get 17
    local.get 24
    f32.copysign
    f32.const 18
    f32.mul
    f32.add
    local.get 18
    local.get 25
    f32.copysign
    f32.const 19
    f32.mul
    f32.add
    local.get 19
    local.get 26
    f32.copysign
    f32.const 20
    f32.mul
    f32.add
    local.get 20
    local.get 27
    f32.copysign
    f32.const 21
    f32.mul
    f32.add
    local.get 21
    local.get 28
    f32.copysign
    f32.const 22
    f32.mul
    f32.add
    local.get 22
    local.get 29
    f32.copysign
    f32.const 23
    f32.mul
    f32.add
    local.get 23
    local.get 30
    f32.copysign
    f32.const 24
    f32.mul
    f32.add
    local.get 24
    local.get 31
    f32.copysign
    f32.const 25
    f32.mul
    f32.add
    local.get 25
    local.get 32
    f32.copysign
    f32.const 26
    f32.mul
    f32.add
    local.get 26
    local.get 33
    f32.copysign
    f32.const 27
    f32.mul
    f32.add
    local.get 27
    local.get 34
    f32.copysign
    f32.const 28
    f32.mul
    f32.add
    local.get 28
    local.get 35
    f32.copysign
    f32.const 29
    f32.mul
    f32.add
    local.get 29
    local.get 36
    f32.copysign
    f32.const 30
    f32.mul
    f32.add
    local.get 30
    local.get 37
    f32.copysign
    f32.const 31
    f32.mul
    f32.add
    local.get 31
    local.get 38
    f32.copysign
    f32.const 32
    f32.mul
    f32.add
    local.get 32
    local.get 39
    f32.copysign
    f32.const 33
    f32.mul
    f32.add
    local.get 33
    local.get 40
    f32.copysign
    f32.const 34
    f32.mul
    f32.add
    local.get 34
    local.get 41
    f32.copysign
    f32.const 35
    f32.mul
    f32.add
    local.get 35
    local.get 42
    f32.copysign
    f32.const 36
    f32.mul
    f32.add
    local.get 36
    local.get 43
    f32.copysign
    f32.const 37
    f32.mul
    f32.add
    local.get 37
    local.get 44
    f32.copysign
    f32.const 38
    f32.mul
    f32.add
    local.get 38
    local.get 45
    f32.copysign
    f32.const 39
    f32.mul
    f32.add
    local.get 39
    local.get 46
    f32.copysign
    f32.const 40
    f32.mul
    f32.add
    local.get 40
    local.get 47
    f32.copysign
    f32.const 41
    f32.mul
    f32.add
    local.get 41
    local.get 48
    f32.copysign
    f32.const 42
    f32.mul
    f32.add
    local.get 42
    local.get 49
    f32.copysign
    f32.const 43
    f32.mul
    f32.add
    local.get 43
    local.get 50
    f32.copysign
    f32.const 44
    f32.mul
    f32.add
    local.get 44
    local.get 51
    f32.copysign
    f32.const 45
    f32.mul
    f32.add
    local.get 45
    local.get 52
    f32.copysign
    f32.const 46
    f32.mul
    f32.add
    local.get 46
    local.get 53
    f32.copysign
    f32.const 47
    f32.mul
    f32.add
    local.get 47
    local.get 54
    f32.copysign
    f32.const 48
    f32.mul
    f32.add
    local.get 48
    local.get 55
    f32.copysign
    f32.const 49
    f32.mul
    f32.add
    local.get 49
    local.get 56
    f32.copysign
    f32.const 50
    f32.mul
    f32.add
    local.get 50
    local.get 57
    f32.copysign
    f32.const 51
    f32.mul
    f32.add
    local.get 51
    local.get 58
    f32.copysign
    f32.const 52
    f32.mul
    f32.add
    local.get 52
    local.get 59
    f32.copysign
    f32.const 53
    f32.mul
    f32.add
    local.get 53
    local.get 0
    f32.copysign
    f32.const 54
    f32.mul
    f32.add
    local.get 54
    local.get 1
    f32.copysign
    f32.const 55
    f32.mul
    f32.add
    local.get 55
    local.get 2
    f32.copysign
    f32.const 56
    f32.mul
    f32.add
    local.get 56
    local.get 3
    f32.copysign
    f32.const 57
    f32.mul
    f32.add
    local.get 57
    local.get 4
    f32.copysign
    f32.const 58
    f32.mul
    f32.add
    local.get 58
    local.get 5
    f32.copysign
    f32.const 59
    f32.mul
    f32.add
    local.get 59
    local.get 6
    f32.copysign
    f32.const 60
    f32.mul
    f32.add)
  (func (export "run") (result f32)
    (call $signs (f32.const -1.5) (f32.const 2.5) (f32.const 3.5) (f32.const -4.5) (f32.const 5.5) (f32.const 6.5) (f32.const -7.5) (f32.const 8.5) (f32.const 9.5) (f32.const -10.5) (f32.const 11.5) (f32.const 12.5) (f32.const -13.5) (f32.const 14.5) (f32.const 15.5) (f32.const -16.5) (f32.const 17.5) (f32.const 18.5) (f32.const -19.5) (f32.const 20.5) (f32.const 21.5) (f32.const -22.5) (f32.const 23.5) (f32.const 24.5) (f32.const -25.5) (f32.const 26.5) (f32.const 27.5) (f32.const -28.5) (f32.const 29.5) (f32.const 30.5) (f32.const -31.5) (f32.const 32.5) (f32.const 33.5) (f32.const -34.5) (f32.const 35.5) (f32.const 36.5) (f32.const -37.5) (f32.const 38.5) (f32.const 39.5) (f32.const -40.5) (f32.const 41.5) (f32.const 42.5) (f32.const -43.5) (f32.const 44.5) (f32.const 45.5) (f32.const -46.5) (f32.const 47.5) (f32.const 48.5) (f32.const -49.5) (f32.const 50.5) (f32.const 51.5) (f32.const -52.5) (f32.const 53.5) (f32.const 54.5) (f32.const -55.5) (f32.const 56.5) (f32.const 57.5) (f32.const -58.5) (f32.const 59.5) (f32.const 60.5))))
